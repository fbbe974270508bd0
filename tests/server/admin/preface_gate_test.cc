#include "server/admin/preface_gate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/loop_runner.h"

namespace ovpnbroker::server {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;

const std::string kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

// Behind by what a connection may be silent, until the test says that this time has passed.
class GateClock final : public ovpn::Clock {
 public:
  ovpn::SteadyTime Now() const override {
    const auto now = std::chrono::steady_clock::now();
    return passed ? now : now - PrefaceGate::kMaxSilence;
  }
  ovpn::WallTime WallNow() const override { return {}; }

  bool passed = false;
};

class PrefaceGateTest : public testing::Test {
 protected:
  // The client's end of a connection that has entered, after it wrote `first`.
  ovpn::UniqueFd Enter(const std::string& first = "") {
    std::array<int, 2> ends = {};
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()), 0);
    ovpn::UniqueFd client(ends[0]);
    Say(client, first);
    gate_->Enter(ovpn::UniqueFd(ends[1]));
    return client;
  }
  static void Say(const ovpn::UniqueFd& client, const std::string& text) {
    EXPECT_EQ(write(client.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  static bool IsClosed(const ovpn::UniqueFd& client) {
    char byte = 0;
    return recv(client.get(), &byte, 1, MSG_PEEK) == 0;
  }

  asio::io_context loop_;
  GateClock clock_;
  std::vector<ovpn::UniqueFd> taken_;
  std::vector<std::pair<std::string, size_t>> reports_;
  std::unique_ptr<PrefaceGate> gate_ = std::make_unique<PrefaceGate>(
      loop_, clock_,
      PrefaceGate::Listener{
          .on_http2 = [this](ovpn::UniqueFd fd) { taken_.push_back(std::move(fd)); },
          .on_closed = [this](absl::string_view why,
                              size_t count) { reports_.emplace_back(why, count); }});
};

TEST_F(PrefaceGateTest, PrefaceThatIsThere_IsHandedOverAtOnceAndUnread) {
  const auto client = Enter(kPreface + "more");
  ASSERT_THAT(taken_, SizeIs(1));
  std::array<char, 64> bytes = {};
  const ssize_t count = read(taken_.front().get(), bytes.data(), bytes.size());
  EXPECT_EQ(std::string(bytes.data(), static_cast<size_t>(count)), kPreface + "more");
}

TEST_F(PrefaceGateTest, PrefaceThatComesLater_IsHandedOverThen) {
  clock_.passed = true;  // nobody's time is over in this test
  const auto client = Enter();
  test::RunReady(loop_);
  EXPECT_THAT(taken_, IsEmpty());
  Say(client, kPreface);
  EXPECT_TRUE(test::RunUntil(loop_, [this] { return taken_.size() == 1; }));
  EXPECT_THAT(reports_, IsEmpty());
}

TEST_F(PrefaceGateTest, PrefaceInPieces_IsHandedOverAtTheFirst) {
  const auto client = Enter(kPreface.substr(0, 1));
  EXPECT_THAT(taken_, SizeIs(1));
}

TEST_F(PrefaceGateTest, SilentForTooLong_IsClosed) {
  const auto client = Enter();
  clock_.passed = true;
  EXPECT_TRUE(test::RunUntil(loop_, [this] { return !reports_.empty(); }));
  EXPECT_TRUE(IsClosed(client));
  EXPECT_THAT(reports_, ElementsAre(Pair("it has said nothing for too long", 1)));
}

TEST_F(PrefaceGateTest, OneTooMany_ClosesTheOldestAndTheLogIsNotFilled) {
  clock_.passed = true;
  std::vector<ovpn::UniqueFd> clients;
  while (clients.size() < PrefaceGate::kMaxWaiting) clients.push_back(Enter());
  EXPECT_FALSE(IsClosed(clients.front()));
  for (int i = 0; i < 3; ++i) clients.push_back(Enter());
  EXPECT_TRUE(IsClosed(clients[0]));
  EXPECT_TRUE(IsClosed(clients[2]));
  EXPECT_FALSE(IsClosed(clients[3]));
  EXPECT_THAT(reports_, ElementsAre(Pair("too many connections say nothing", 1)));
  // Whoever speaks is let in all the same.
  const auto speaks = Enter(kPreface);
  EXPECT_THAT(taken_, SizeIs(1));
}

TEST_F(PrefaceGateTest, OtherFirstBytes_AreClosed) {
  clock_.passed = true;
  for (const std::string first : {"GET / HTTP/1.1\r\n\r\n and more", "PRI * HTTP/1"}) {
    const auto client = Enter(first);
    char byte = 0;
    // Not the end but a reset: what the client wrote was not read.
    EXPECT_EQ(recv(client.get(), &byte, 1, 0), -1) << first;
  }
  EXPECT_THAT(taken_, IsEmpty());
  EXPECT_THAT(reports_, ElementsAre(Pair("its first bytes are not those of HTTP/2", 1)));
}

TEST_F(PrefaceGateTest, ClientThatLeavesWithoutAWord_IsNothingToTell) {
  clock_.passed = true;
  Enter();
  const auto other = Enter();
  Say(other, kPreface);
  EXPECT_TRUE(test::RunUntil(loop_, [this] { return taken_.size() == 1; }));
  EXPECT_THAT(reports_, IsEmpty());
}

TEST_F(PrefaceGateTest, GateThatGoes_ClosesWhatWaits) {
  const auto client = Enter();
  Say(client, kPreface);
  gate_.reset();
  test::RunReady(loop_);
  EXPECT_THAT(taken_, IsEmpty());
  char byte = 0;
  EXPECT_LE(recv(client.get(), &byte, 1, 0), 0);
}

}  // namespace
}  // namespace ovpnbroker::server
