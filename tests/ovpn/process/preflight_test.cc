#include "ovpn/process/preflight.h"

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <asio/io_context.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <optional>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "ovpn/process/openvpn_command.h"
#include "ovpn/process/posix_launcher.h"
#include "ovpn/process/process_ender.h"
#include "ovpn/process/process_table.h"
#include "tests/ovpn/process/child_recorder.h"
#include "tests/ovpn/process/stale_event.h"
#include "tests/ovpn/process/unix_listener.h"
#include "tests/support/loop_runner.h"
#include "tests/support/recording_logger.h"
#include "tests/support/temp_dir.h"

namespace ovpnbroker::ovpn {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

class PreflightTest : public ::testing::Test {
 protected:
  PreflightTest() {
    std::ofstream(files_.File("office.conf")) << "dev null\nlport 0\nverb 3\n";
    request_.instance = "office";
    request_.config_file = files_.File("office.conf");
    request_.management_socket = files_.File("m.sock");
  }

  ~PreflightTest() override {
    if (foreign_ > 0) kill(foreign_, SIGKILL);
  }

  absl::Status Run() {
    Preflight preflight(loop_, log_);
    std::optional<absl::Status> result;
    preflight.Run(request_, [&](absl::Status status) { result = std::move(status); });
    EXPECT_FALSE(result.has_value()) << "called back from inside Run";
    test::RunUntil(loop_, [&] { return result.has_value(); });
    return result.value_or(absl::InternalError("no result"));
  }

  // Starts a process that is not our child (its parent ends at once) and waits for its first line.
  void StartForeign(const std::string& command) {
    PosixLauncher launcher(loop_);
    test::ChildRecorder observer;
    const std::string output = files_.File("output");
    auto shell = launcher.Launch(
        test::Shell(absl::StrCat(command, " > ", output, " 2>&1 & echo $!; i=0; until [ -s ",
                                 output, " ] || [ $i = 1000 ]; do i=$((i+1)); sleep 0.01; done")),
        observer);
    ASSERT_TRUE(shell.ok()) << shell.status();
    ASSERT_TRUE(test::RunUntil(loop_, [&] { return observer.status.has_value(); }));
    ASSERT_EQ(observer.lines.size(), 1u);
    ASSERT_TRUE(absl::SimpleAtoi(observer.lines[0], &foreign_));
  }

  // A zombie that init has not reaped yet has ended, too.
  bool ForeignRuns() {
    std::ifstream stat(absl::StrCat("/proc/", foreign_, "/stat"));
    std::string pid, name, state;
    stat >> pid >> name >> state;
    return !state.empty() && state != "Z";
  }

  // A shell that calls itself openvpn and names our configuration.
  std::string FakeOpenvpn(const std::string& script) {
    std::filesystem::create_symlink("/bin/sh", files_.File("openvpn"));
    return absl::StrCat(files_.File("openvpn"), " -c '", script, "' --config ",
                        request_.config_file);
  }

  asio::io_context loop_;
  test::RecordingLogger log_;
  test::TempDir files_;
  PreflightRequest request_;
  pid_t foreign_ = 0;
};

TEST_F(PreflightTest, NothingInTheWay_IsOk) {
  EXPECT_TRUE(Run().ok());
  EXPECT_TRUE(log_.lines().empty());
}

TEST_F(PreflightTest, SocketDirectoryMissing_IsMade) {
  request_.management_socket = files_.File("run/m.sock");
  EXPECT_TRUE(Run().ok());
  EXPECT_TRUE(std::filesystem::is_directory(files_.File("run")));
}

TEST_F(PreflightTest, SocketDirectoryOpenToOthers_EndsNobody) {
  ASSERT_EQ(chmod(files_.path().c_str(), 0755), 0);
  StartForeign(FakeOpenvpn("echo ready; while :; do sleep 0.05; done"));
  EXPECT_TRUE(absl::IsFailedPrecondition(Run()));
  EXPECT_TRUE(ForeignRuns());
}

TEST_F(PreflightTest, StaleSocket_IsRemovedAndLogged) {
  {
    const test::UnixListener gone(request_.management_socket);
  }
  EXPECT_TRUE(Run().ok());
  EXPECT_FALSE(std::filesystem::exists(request_.management_socket));
  EXPECT_EQ(log_.Count("PREFLIGHT_STALE_SOCKET"), 1);
}

TEST_F(PreflightTest, LiveListenerThatIsNoOpenvpn_IsRefusedAndLeftAlone) {
  const test::UnixListener listener(request_.management_socket);
  const absl::Status status = Run();
  EXPECT_TRUE(absl::IsFailedPrecondition(status));
  EXPECT_THAT(status.message(), HasSubstr(absl::StrCat("(process ", getpid(), ")")));
}

TEST_F(PreflightTest, RealForeignOpenvpn_IsEndedAndItsSocketIsGone) {
  if (access(kDefaultOpenvpnProgram, X_OK) != 0) GTEST_SKIP() << "no " << kDefaultOpenvpnProgram;
  StartForeign(absl::StrCat("openvpn --config ", request_.config_file, " --management ",
                            request_.management_socket, " unix --management-hold"));
  ASSERT_TRUE(ForeignRuns());
  EXPECT_TRUE(Run().ok());
  EXPECT_FALSE(ForeignRuns());
  EXPECT_FALSE(std::filesystem::exists(request_.management_socket));
  EXPECT_EQ(log_.Count("PREFLIGHT_FOREIGN_END"), 1);
  EXPECT_EQ(log_.Count("PREFLIGHT_FOREIGN_KILL"), 0);
  EXPECT_TRUE(log_.Mentions(absl::StrCat("pid=", foreign_)));
}

TEST_F(PreflightTest, ForeignThatIgnoresTerm_IsKilled) {
  request_.term_timeout = milliseconds(100);
  StartForeign(FakeOpenvpn("trap : TERM; echo ready; while :; do sleep 0.05; done"));
  ASSERT_TRUE(ForeignRuns());
  EXPECT_TRUE(Run().ok());
  EXPECT_FALSE(ForeignRuns());
  EXPECT_EQ(log_.Count("PREFLIGHT_FOREIGN_KILL"), 1);
}

TEST_F(PreflightTest, OpenvpnWithAnotherConfiguration_GoesOn) {
  StartForeign(FakeOpenvpn("echo ready; while :; do sleep 0.05; done"));
  std::ofstream(files_.File("other.conf")) << "dev null\n";
  request_.config_file = files_.File("other.conf");
  EXPECT_TRUE(Run().ok());
  EXPECT_TRUE(ForeignRuns());
}

TEST_F(PreflightTest, PidTakenOverByAnother_IsNotSignalled) {
  // The process that was found is gone and this test has its pid: a signal would end the test.
  const ProcessTable table("/proc");
  ProcessEnder ender(loop_, log_, table, {.term = seconds(10), .kill = seconds(10)});
  std::optional<absl::Status> result;
  ender.End({.identity = {.pid = getpid(), .start_time = 1}, .command = "openvpn"},
            [&](absl::Status status) { result = std::move(status); });
  ASSERT_TRUE(test::RunUntil(loop_, [&] { return result.has_value(); }));
  EXPECT_TRUE(result->ok()) << *result;
}

TEST_F(PreflightTest, EventOfClosedDescriptor_IsNotTheEndOfTheForeign) {
  StartForeign(FakeOpenvpn("trap : TERM; echo ready; while :; do sleep 0.05; done"));
  const ProcessTable table("/proc");
  const auto foreign = table.FindForeignOpenvpn({.config_file = request_.config_file,
                                                 .management_socket = request_.management_socket,
                                                 .broker_pid = getpid()});
  ASSERT_FALSE(foreign.empty());
  test::LeaveStaleEvent(loop_);
  ProcessEnder ender(loop_, log_, table, {.term = milliseconds(100), .kill = seconds(10)});
  std::optional<absl::Status> result;
  ender.End(foreign.front(), [&](absl::Status status) { result = std::move(status); });
  ASSERT_TRUE(test::RunUntil(loop_, [&] { return result.has_value(); }));
  EXPECT_TRUE(result->ok()) << *result;
  EXPECT_FALSE(ForeignRuns());
}

TEST_F(PreflightTest, Destroyed_DoesNotCallBack) {
  bool called = false;
  {
    Preflight preflight(loop_, log_);
    preflight.Run(request_, [&](const absl::Status&) { called = true; });
  }
  test::RunReady(loop_);
  EXPECT_FALSE(called);
}

}  // namespace
}  // namespace ovpnbroker::ovpn
