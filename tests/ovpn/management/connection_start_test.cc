// From connect to ready, and every way in which that fails.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <filesystem>
#include <string>
#include <utility>

#include "tests/ovpn/management/connection_fixture.h"

namespace ovpnbroker::ovpn {
namespace {

using test::FakeManagementServer;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST_F(ConnectionTest, Start_PreparesTheSessionAndReportsReadyBeforeTheHold) {
  ConnectReady();
  ASSERT_TRUE(RunUntilEvent("HOLD 0"));
  EXPECT_THAT(server_->lines(), ElementsAre("env-filter 0", "state on", "bytecount 10", "version"));
  EXPECT_THAT(handler_.events, ElementsAre("READY", "HOLD 0"));
  EXPECT_EQ(handler_.last_greeting.management_version, 5);
  EXPECT_EQ(handler_.last_greeting.openvpn_version, (OpenvpnVersion{2, 6, 14}));
  EXPECT_EQ(logger_.Count("MANAGEMENT_READY"), 1);
}

TEST_F(ConnectionTest, NobodyListensYet_IsADebugLineAndIsTriedAgain) {
  StopListening();
  Connect(MakeOptions());
  ASSERT_TRUE(RunUntil([&] { return logger_.Count("MANAGEMENT_CONNECT_RETRY") >= 3; }));
  for (const auto& line : logger_.lines()) EXPECT_EQ(line.level, LogLevel::kDebug) << line.id;
  Listen();
  ASSERT_TRUE(RunUntil([&] { return connection_->ready(); }));
  EXPECT_EQ(handler_.lost_count, 0);
}

TEST_F(ConnectionTest, StaleSocketFile_IsTriedAgainTheSame) {
  server_.reset();  // the file stays: ECONNREFUSED
  Connect(MakeOptions());
  ASSERT_TRUE(RunUntil([&] { return logger_.Count("MANAGEMENT_CONNECT_RETRY") >= 2; }));
  EXPECT_EQ(handler_.lost_count, 0);
}

TEST_F(ConnectionTest, PasswordSocket_IsLoggedInto) {
  server_->SetGreeting("ENTER PASSWORD:");
  server_->SetResponder([](const std::string& line) {
    if (line == "s3cret word") {
      return absl::StrCat("SUCCESS: password is correct\r\n", FakeManagementServer::kGreeting,
                          FakeManagementServer::kHold);
    }
    return FakeManagementServer::DefaultReply(line);
  });
  Connection::Options options = MakeOptions();
  options.password.emplace("s3cret word");
  ConnectReady(std::move(options));
  EXPECT_TRUE(server_->Heard("s3cret word"));
  EXPECT_FALSE(logger_.Mentions("s3cret"));
}

TEST_F(ConnectionTest, WrongPassword_EndsWithPermissionDeniedAfterOneAttempt) {
  server_->SetGreeting("ENTER PASSWORD:");
  server_->SetResponder([](const std::string&) { return "ENTER PASSWORD:"; });
  Connection::Options options = MakeOptions();
  options.password.emplace("wrong");
  Connect(std::move(options));
  ASSERT_TRUE(RunUntilEvent("LOST"));
  EXPECT_EQ(handler_.last_loss.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_THAT(server_->lines(), ElementsAre("wrong"));
  EXPECT_EQ(logger_.Count("MANAGEMENT_LOGIN_FAILED"), 1);
  test::RunReady(loop_);
  EXPECT_EQ(server_->accepted(), 1);
}

TEST_F(ConnectionTest, PasswordAskedButNoneConfigured_EndsWithPermissionDenied) {
  server_->SetGreeting("ENTER PASSWORD:");
  Connect(MakeOptions());
  ASSERT_TRUE(RunUntilEvent("LOST"));
  EXPECT_EQ(handler_.last_loss.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_THAT(server_->lines(), IsEmpty());
}

TEST_F(ConnectionTest, OldOpenvpn_IsRefusedWithItsVersion) {
  server_->SetResponder([](const std::string& line) -> std::string {
    if (line == "version") return "OpenVPN Version: OpenVPN 2.6.10 x86_64\r\nEND\r\n";
    return FakeManagementServer::DefaultReply(line);
  });
  Connect(MakeOptions());
  ASSERT_TRUE(RunUntilEvent("LOST"));
  EXPECT_EQ(handler_.last_loss.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(handler_.last_loss.message()), HasSubstr("2.6.10 is too old"));
  EXPECT_EQ(handler_.ready_count, 0);
}

TEST_F(ConnectionTest, RefusedPreparation_EndsWithTheCommandNamed) {
  server_->SetResponder([](const std::string& line) -> std::string {
    if (line == "state on") return "ERROR: no\r\n";
    return FakeManagementServer::DefaultReply(line);
  });
  Connect(MakeOptions());
  ASSERT_TRUE(RunUntilEvent("LOST"));
  EXPECT_EQ(handler_.last_loss.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(handler_.last_loss.message()), HasSubstr("state"));
}

TEST_F(ConnectionTest, NoGreeting_IsGivenUpAndTriedAgain) {
  server_->SetGreeting("");
  Connection::Options options = MakeOptions();
  options.start_timeout = std::chrono::milliseconds(20);
  Connect(std::move(options));
  ASSERT_TRUE(RunUntil([&] { return server_->accepted() >= 2; }));
  EXPECT_GE(logger_.Count("MANAGEMENT_CONNECT_FAILED"), 1);
  EXPECT_EQ(handler_.lost_count, 0);
}

TEST_F(ConnectionTest, SomebodyElseListens_NothingIsSentToIt) {
  server_->SetGreeting("220 mail.example.test ESMTP\r\n");
  Connect(MakeOptions());
  ASSERT_TRUE(RunUntil([&] { return logger_.Count("MANAGEMENT_CONNECT_FAILED") >= 2; }));
  EXPECT_THAT(server_->lines(), IsEmpty());
}

TEST_F(ConnectionTest, SocketIsNotInherited_CloseOnExecIsSet) {
  ConnectReady();
  int sockets = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fdinfo")) {
    const int fd = std::stoi(entry.path().filename());
    sockaddr_un peer = {};
    socklen_t size = sizeof peer;
    if (getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &size) != 0) continue;
    if (peer.sun_path != socket_path_) continue;
    ++sockets;
    EXPECT_TRUE(fcntl(fd, F_GETFD) & FD_CLOEXEC);
  }
  EXPECT_EQ(sockets, 1);
}

}  // namespace
}  // namespace ovpnbroker::ovpn
