// What the tests of Connection share: a connection to a FakeManagementServer on a loop of the
// test's own, with everything recorded that it reports.
#pragma once

#include <gtest/gtest.h>

#include <asio/io_context.hpp>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "ovpn/management/connection.h"
#include "tests/support/fake_management_server.h"
#include "tests/support/loop_runner.h"
#include "tests/support/message_text.h"
#include "tests/support/recording_logger.h"
#include "tests/support/temp_dir.h"

namespace ovpnbroker::ovpn {

class RecordingHandler final : public ConnectionHandler {
 public:
  void OnReady(const Greeting& greeting) override {
    ++ready_count;
    last_greeting = greeting;
    events.push_back("READY");
    if (on_ready) on_ready();
  }
  void OnMessage(Message&& message) override {
    events.push_back(test::Brief(message));
    if (on_message) on_message();
  }
  void OnLost(const absl::Status& status) override {
    ++lost_count;
    last_loss = status;
    events.push_back("LOST");
  }

  bool Saw(absl::string_view event) const {
    for (const std::string& seen : events) {
      if (seen == event) return true;
    }
    return false;
  }

  int ready_count = 0;
  int lost_count = 0;
  Greeting last_greeting;
  absl::Status last_loss;
  std::vector<std::string> events;
  std::function<void()> on_ready;
  std::function<void()> on_message;
};

class ConnectionTest : public ::testing::Test {
 protected:
  ConnectionTest() { Listen(); }

  void Listen() { server_ = std::make_unique<test::FakeManagementServer>(loop_, socket_path_); }
  void StopListening() {
    server_.reset();
    std::filesystem::remove(socket_path_);
  }

  Connection::Options MakeOptions() const {
    Connection::Options options{.instance = "office",
                                .address = *ManagementAddress::Unix(socket_path_)};
    options.backoff = {std::chrono::milliseconds(1), std::chrono::milliseconds(5)};
    return options;
  }

  Connection& Connect(Connection::Options options) {
    connection_ = std::make_unique<Connection>(loop_, std::move(options), handler_, logger_);
    connection_->Start();
    return *connection_;
  }

  Connection& ConnectReady(Connection::Options options) {
    Connection& connection = Connect(std::move(options));
    EXPECT_TRUE(RunUntil([&] { return connection.ready(); }));
    return connection;
  }
  Connection& ConnectReady() { return ConnectReady(MakeOptions()); }

  bool RunUntil(const std::function<bool()>& done) { return test::RunUntil(loop_, done); }
  bool RunUntilEvent(absl::string_view event) {
    return RunUntil([&] { return handler_.Saw(event); });
  }

  // Records what becomes of a command: "name: SUCCESS text", "name: UNAVAILABLE".
  ReplyCallback Note(std::string name) {
    return [this, name = std::move(name)](const absl::StatusOr<Reply>& reply) {
      std::string outcome;
      if (!reply.ok()) {
        outcome = absl::StatusCodeToString(reply.status().code());
      } else {
        outcome = absl::StrCat(reply->success ? "SUCCESS " : "ERROR ", reply->text);
      }
      outcomes_.push_back(absl::StrCat(name, ": ", outcome));
    };
  }
  bool RunUntilOutcomes(size_t count) {
    return RunUntil([&] { return outcomes_.size() >= count; });
  }

  asio::io_context loop_;
  test::TempDir folder_;
  std::string socket_path_ = folder_.File("m.sock");
  test::RecordingLogger logger_;
  RecordingHandler handler_;
  std::vector<std::string> outcomes_;
  std::unique_ptr<test::FakeManagementServer> server_;
  std::unique_ptr<Connection> connection_;
};

}  // namespace ovpnbroker::ovpn
