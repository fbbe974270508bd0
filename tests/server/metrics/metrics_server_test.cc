#include "server/metrics/metrics_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <asio/connect.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/read.hpp>
#include <asio/write.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "server/metrics/metric_batch.h"

namespace ovpnbroker::server {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr char kAnyPort[] = "127.0.0.1:0";

// The loop runs on the test's thread; requests come from another one.
class MetricsServerTest : public testing::Test {
 protected:
  void Open(ovpn::Duration timeout) {
    auto server = MetricsServer::Start(
        loop_, kAnyPort,
        [this] {
          ++collected_;
          MetricBatch batch;
          batch.Set(Metric::kDraining, {}, static_cast<double>(collected_));
          return MetricsSnapshot{std::move(batch).Take(), not_ready_};
        },
        timeout);
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }

  std::string Request(const std::string& method, const std::string& path) const {
    asio::io_context loop;
    asio::ip::tcp::socket socket(loop);
    socket.connect({asio::ip::address_v4::loopback(), static_cast<uint16_t>(server_->port())});
    asio::write(socket, asio::buffer(absl::StrCat(method, " ", path, " HTTP/1.0\r\n\r\n")));
    std::string answer;
    asio::error_code end;
    asio::read(socket, asio::dynamic_buffer(answer), end);
    return answer;
  }

  // The answer to a request during which the loop runs.
  std::string Ask(const std::string& path, const std::string& method = "GET") {
    std::string answer;
    auto work = asio::make_work_guard(loop_);
    std::thread client([&] {
      answer = Request(method, path);
      work.reset();
    });
    loop_.restart();
    loop_.run();
    client.join();
    return answer;
  }

  asio::io_context loop_;
  std::vector<std::string> not_ready_;
  int collected_ = 0;
  std::unique_ptr<MetricsServer> server_;
};

TEST_F(MetricsServerTest, Metrics_AreTakenAnewForEachScrape) {
  Open(std::chrono::seconds(30));
  EXPECT_THAT(Ask("/metrics"), HasSubstr("ovpnbroker_draining 2\n"));
  const std::string second = Ask("/metrics");
  EXPECT_THAT(second, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(second, HasSubstr("ovpnbroker_draining 3\n"));
  EXPECT_THAT(second, HasSubstr("ovpnbroker_loop_responsive 1\n"));
}

TEST_F(MetricsServerTest, StuckLoop_GetsOldMetricsAndIsNotHealthy) {
  Open(std::chrono::milliseconds(1));
  const std::string metrics = Request("GET", "/metrics");
  EXPECT_THAT(metrics, HasSubstr("ovpnbroker_loop_responsive 0\n"));
  EXPECT_THAT(metrics, HasSubstr("ovpnbroker_draining 1\n"));
  EXPECT_THAT(Request("GET", "/healthz"), StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(Request("GET", "/readyz"), HasSubstr("the loop does not answer"));
  // However many asked, the loop finds one task.
  loop_.poll();
  EXPECT_EQ(collected_, 2);
}

TEST_F(MetricsServerTest, NotReady_SaysWhatIsMissing) {
  Open(std::chrono::seconds(30));
  EXPECT_THAT(Ask("/readyz"), HasSubstr("\r\n\r\nready\n"));
  not_ready_ = {"instance office is FAILED", "instance home is STOPPED"};
  const std::string answer = Ask("/readyz");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(answer, HasSubstr("\r\n\r\ninstance office is FAILED\ninstance home is STOPPED\n"));
  EXPECT_THAT(Ask("/healthz"), HasSubstr("\r\n\r\nok\n"));
}

TEST_F(MetricsServerTest, OtherPagesAndMethods_AreRefused) {
  Open(std::chrono::seconds(30));
  EXPECT_THAT(Ask("/"), StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(Ask("/metrics/more"), StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(Ask("/metrics", "POST"), StartsWith("HTTP/1.1 405 "));
  EXPECT_THAT(Ask("/healthz", "HEAD"), testing::EndsWith("\r\n\r\n"));
}

TEST_F(MetricsServerTest, AddressInUse_IsAnErrorThatNamesIt) {
  Open(std::chrono::seconds(30));
  const std::string address = absl::StrCat("127.0.0.1:", server_->port());
  const auto second = MetricsServer::Start(loop_, address, [] { return MetricsSnapshot{}; });
  EXPECT_EQ(second.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(second.status().message()), HasSubstr(address));
}

}  // namespace
}  // namespace ovpnbroker::server
