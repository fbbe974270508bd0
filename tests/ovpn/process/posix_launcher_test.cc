#include "ovpn/process/posix_launcher.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <asio/io_context.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "ovpn/base/unique_fd.h"
#include "tests/ovpn/process/child_recorder.h"
#include "tests/support/loop_runner.h"
#include "tests/support/temp_dir.h"

namespace ovpnbroker::ovpn {
namespace {

using test::ChildRecorder;
using test::RunUntil;
using test::Shell;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class PosixLauncherTest : public ::testing::Test {
 protected:
  std::unique_ptr<ChildProcess> Start(const LaunchOptions& options) {
    auto child = launcher_.Launch(options, observer_);
    EXPECT_TRUE(child.ok()) << child.status();
    return child.ok() ? *std::move(child) : nullptr;
  }
  bool RunToExit() {
    return RunUntil(loop_, [&] { return observer_.status.has_value(); });
  }
  bool RunToLines(size_t count) {
    return RunUntil(loop_, [&] { return observer_.lines.size() >= count; });
  }

  asio::io_context loop_;
  PosixLauncher launcher_{loop_};
  ChildRecorder observer_;
};

TEST_F(PosixLauncherTest, ChildExits_ReportsCode) {
  const auto child = Start(Shell("exit 3"));
  ASSERT_TRUE(RunToExit());
  EXPECT_EQ(*observer_.status, (ExitStatus{.exited = true, .code = 3}));
  EXPECT_EQ(observer_.status->ToString(), "exited with code 3");
}

TEST_F(PosixLauncherTest, ChildKilled_ReportsSignal) {
  const auto child = Start(Shell("kill -KILL $$"));
  ASSERT_TRUE(RunToExit());
  EXPECT_EQ(*observer_.status, (ExitStatus{.exited = false, .signal = SIGKILL}));
  EXPECT_EQ(observer_.status->ToString(), "killed by signal 9 (Killed)");
}

TEST_F(PosixLauncherTest, BothOutputs_ComeInTheOrderWritten) {
  const auto child = Start(Shell("echo one; echo two >&2; echo three"));
  ASSERT_TRUE(RunToExit());
  EXPECT_THAT(observer_.lines, ElementsAre("one", "two", "three"));
}

TEST_F(PosixLauncherTest, LastLineWithoutNewline_ComesBeforeExit) {
  const auto child = Start(Shell("printf 'a\\nlast words'; exit 1"));
  ASSERT_TRUE(RunToExit());
  EXPECT_THAT(observer_.lines, ElementsAre("a", "last words"));
}

TEST_F(PosixLauncherTest, MuchOutputAtTheEnd_AllOfItComesBeforeExit) {
  const auto child = Start(Shell("i=0; while [ $i -lt 2000 ]; do echo line $i; i=$((i+1)); done"));
  ASSERT_TRUE(RunToExit());
  ASSERT_THAT(observer_.lines, SizeIs(2000));
  EXPECT_EQ(observer_.lines.back(), "line 1999");
}

TEST_F(PosixLauncherTest, OutputHeldOpenByAnother_ExitIsReportedAfterGrace) {
  const auto child = Start(Shell("sleep 600 & echo $!"));
  ASSERT_TRUE(RunToExit());
  pid_t sleeper = 0;
  ASSERT_THAT(observer_.lines, SizeIs(1));
  ASSERT_TRUE(absl::SimpleAtoi(observer_.lines[0], &sleeper));
  kill(sleeper, SIGKILL);
}

TEST_F(PosixLauncherTest, Signal_ReachesTheChild) {
  const auto child =
      Start(Shell("trap 'echo caught; exit 7' TERM; echo ready; while :; do sleep 0.05; done"));
  ASSERT_TRUE(RunToLines(1));
  EXPECT_TRUE(child->Signal(SIGTERM).ok());
  ASSERT_TRUE(RunToExit());
  EXPECT_THAT(observer_.lines, ElementsAre("ready", "caught"));
  EXPECT_EQ(observer_.status->code, 7);
}

TEST_F(PosixLauncherTest, SignalAfterExit_IsNotFound) {
  const auto child = Start(Shell("exit 0"));
  ASSERT_TRUE(RunToExit());
  EXPECT_TRUE(absl::IsNotFound(child->Signal(SIGTERM)));
}

TEST_F(PosixLauncherTest, Descriptors_OnlyTheStandardOnesAndTheNamed) {
  const UniqueFd leak(open("/dev/null", O_RDONLY));  // without O_CLOEXEC
  const test::TempDir directory;
  const UniqueFd lock(open(directory.File("lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  // Stops itself: another program would have its libraries open for a moment.
  LaunchOptions options = Shell("echo ready; kill -STOP $$");
  options.inherited_fds = {lock.get()};
  const auto child = Start(options);
  ASSERT_TRUE(RunToLines(1));
  std::vector<std::string> open_files;
  const std::string table = absl::StrCat("/proc/", child->pid(), "/fd");
  for (const auto& entry : std::filesystem::directory_iterator(table)) {
    open_files.push_back(absl::StrCat(entry.path().filename().string(), " ",
                                      std::filesystem::read_symlink(entry.path()).string()));
  }
  std::sort(open_files.begin(), open_files.end());
  ASSERT_TRUE(child->Signal(SIGKILL).ok());
  EXPECT_THAT(open_files, ElementsAre("0 /dev/null", HasSubstr("1 pipe:"), HasSubstr("2 pipe:"),
                                      absl::StrCat("3 ", directory.File("lock"))));
  EXPECT_TRUE(RunToExit());
}

TEST_F(PosixLauncherTest, NamedDescriptorsThatOverlapTheirTargets_AreNotMixedUp) {
  const test::TempDir directory;
  const UniqueFd first(open(directory.File("first").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  const UniqueFd second(open(directory.File("second").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  LaunchOptions options = Shell("readlink /proc/$$/fd/3 /proc/$$/fd/4");
  options.inherited_fds = {second.get(), first.get()};
  const auto child = Start(options);
  ASSERT_TRUE(RunToExit());
  EXPECT_THAT(observer_.lines, ElementsAre(directory.File("second"), directory.File("first")));
}

TEST_F(PosixLauncherTest, SignalMaskAndDispositions_AreReset) {
  sigset_t blocked, before;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTERM);
  ASSERT_EQ(pthread_sigmask(SIG_BLOCK, &blocked, &before), 0);
  const auto old_handler = signal(SIGHUP, SIG_IGN);
  const auto child = Start(Shell("exec grep -E '^Sig(Blk|Ign)' /proc/self/status"));
  ASSERT_TRUE(RunToExit());
  signal(SIGHUP, old_handler);
  ASSERT_EQ(pthread_sigmask(SIG_SETMASK, &before, nullptr), 0);
  ASSERT_THAT(observer_.lines, SizeIs(2));
  EXPECT_EQ(observer_.lines[0], "SigBlk:\t0000000000000000");
  // glibc's posix_spawn leaves its own two real-time signals (32 and 33) ignored.
  uint64_t ignored = 0;
  ASSERT_TRUE(absl::SimpleHexAtoi(observer_.lines[1].substr(strlen("SigIgn:\t")), &ignored));
  EXPECT_EQ(ignored & 0x7fffffff, 0u);
}

TEST_F(PosixLauncherTest, ProcessGroupEnvironmentAndDirectory_AreTheChildsOwn) {
  const test::TempDir directory;
  LaunchOptions options =
      Shell("cut -d' ' -f5 /proc/$$/stat; pwd -P; env | grep -v -e ^PWD -e ^_ -e SHLVL");
  options.environment.push_back("COLOUR=blue");
  options.working_directory = directory.path();
  const auto child = Start(options);
  ASSERT_TRUE(RunToExit());
  EXPECT_THAT(observer_.lines,
              ::testing::UnorderedElementsAre(absl::StrCat(child->pid()), directory.path(),
                                              "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "COLOUR=blue"));
}

TEST_F(PosixLauncherTest, ProgramMissing_IsAnErrorThatNamesIt) {
  LaunchOptions options;
  options.program = "/nonexistent/openvpn";
  const auto child = launcher_.Launch(options, observer_);
  EXPECT_TRUE(absl::IsNotFound(child.status())) << child.status();
  EXPECT_THAT(child.status().message(), HasSubstr("/nonexistent/openvpn"));
}

TEST_F(PosixLauncherTest, WorkingDirectoryMissing_IsAnErrorThatNamesIt) {
  LaunchOptions options = Shell("exit 0");
  options.working_directory = "/nonexistent/here";
  const auto child = launcher_.Launch(options, observer_);
  EXPECT_THAT(child.status().message(), HasSubstr("working directory /nonexistent/here"));
}

TEST_F(PosixLauncherTest, RelativeProgram_IsInvalid) {
  LaunchOptions options;
  options.program = "sh";
  EXPECT_TRUE(absl::IsInvalidArgument(launcher_.Launch(options, observer_).status()));
}

TEST_F(PosixLauncherTest, HandleDestroyed_ProcessGoesOnAndIsReaped) {
  auto child = Start(Shell("echo ready; trap 'exit 0' TERM; while :; do sleep 0.05; done"));
  ASSERT_TRUE(RunToLines(1));
  const pid_t pid = child->pid();
  child.reset();
  EXPECT_EQ(kill(pid, 0), 0);
  ASSERT_EQ(kill(pid, SIGTERM), 0);
  // A zombie still has its pid.
  EXPECT_TRUE(RunUntil(loop_, [&] { return kill(pid, 0) != 0 && errno == ESRCH; }));
  EXPECT_FALSE(observer_.status.has_value());
}

TEST_F(PosixLauncherTest, ManyChildren_LeaveNoZombie) {
  for (int i = 0; i < 20; ++i) {
    observer_.status.reset();
    const auto child = Start(Shell("exit 0"));
    ASSERT_TRUE(RunToExit());
  }
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
}

// Destroys the handle from inside its callbacks, as an instance may.
class SelfDestroyer final : public ChildObserver {
 public:
  void OnChildOutput(absl::string_view) override {
    ++lines;
    child.reset();
  }
  void OnChildExit(const ExitStatus&) override { exited = true; }

  std::unique_ptr<ChildProcess> child;
  int lines = 0;
  bool exited = false;
};

TEST_F(PosixLauncherTest, HandleDestroyedInCallback_NoFurtherCallback) {
  SelfDestroyer observer;
  auto child = launcher_.Launch(Shell("echo 1; echo 2; echo 3"), observer);
  ASSERT_TRUE(child.ok()) << child.status();
  const pid_t pid = (*child)->pid();
  observer.child = *std::move(child);
  // Until the loop has nothing left: the child is reaped and its output read to the end.
  RunUntil(loop_, [] { return false; });
  EXPECT_NE(kill(pid, 0), 0);
  EXPECT_EQ(observer.lines, 1);
  EXPECT_FALSE(observer.exited);
}

}  // namespace
}  // namespace ovpnbroker::ovpn
