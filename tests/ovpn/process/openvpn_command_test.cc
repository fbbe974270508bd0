#include "ovpn/process/openvpn_command.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <asio/io_context.hpp>
#include <fstream>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "ovpn/process/openvpn_log_line.h"
#include "ovpn/process/posix_launcher.h"
#include "tests/ovpn/process/child_recorder.h"
#include "tests/support/loop_runner.h"
#include "tests/support/temp_dir.h"

namespace ovpnbroker::ovpn {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(OpenvpnCommand, AllOptions_InTheOrderThatOpenvpnReads) {
  OpenvpnCommandOptions options;
  options.config_file = "/etc/openvpn/office.conf";
  options.working_directory = "/etc/openvpn";
  options.management = {"/run/b/office/m.sock", "unix"};
  options.management_password_file = "/run/b/office/password";
  options.extra_arguments = {"--verb", "4"};
  EXPECT_THAT(BuildOpenvpnArguments(options),
              ElementsAre("--machine-readable-output", "--config", "/etc/openvpn/office.conf",
                          "--management", "/run/b/office/m.sock", "unix", "/run/b/office/password",
                          "--management-hold", "--management-client-auth", "--verb", "4"));
  const LaunchOptions launch = BuildOpenvpnLaunch(options, 9);
  EXPECT_EQ(launch.program, kDefaultOpenvpnProgram);
  EXPECT_EQ(launch.working_directory, "/etc/openvpn");
  EXPECT_THAT(launch.inherited_fds, ElementsAre(9));
  EXPECT_THAT(launch.environment, ElementsAre(::testing::StartsWith("PATH=")));
}

TEST(OpenvpnCommand, NoPasswordAndNoLock_AreLeftOut) {
  OpenvpnCommandOptions options;
  options.config_file = "/c";
  options.management = {"/s", "unix"};
  EXPECT_THAT(BuildOpenvpnArguments(options),
              ElementsAre("--machine-readable-output", "--config", "/c", "--management", "/s",
                          "unix", "--management-hold", "--management-client-auth"));
  EXPECT_THAT(BuildOpenvpnLaunch(options, -1).inherited_fds, ::testing::IsEmpty());
}

// The real binary, as far as its hold: it opens no device and no port before it is released.
class RealOpenvpnTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (access(kDefaultOpenvpnProgram, X_OK) != 0) GTEST_SKIP() << "no " << kDefaultOpenvpnProgram;
    // Keys are read after the hold only; their files must be there.
    std::ofstream(files_.File("empty")) << "";
    options_.config_file = files_.File("office.conf");
    options_.working_directory = files_.path();
    options_.management = {files_.File("m.sock"), "unix"};
  }

  void Start(const std::string& config) {
    std::ofstream(options_.config_file) << config;
    auto child = launcher_.Launch(BuildOpenvpnLaunch(options_, -1), observer_);
    ASSERT_TRUE(child.ok()) << child.status();
    child_ = *std::move(child);
  }
  bool Said(absl::string_view text) const {
    return std::any_of(observer_.lines.begin(), observer_.lines.end(), [&](const auto& line) {
      return line.find(std::string(text)) != std::string::npos;
    });
  }
  bool RunToExit() {
    return test::RunUntil(loop_, [&] { return observer_.status.has_value(); });
  }

  asio::io_context loop_;
  PosixLauncher launcher_{loop_};
  test::TempDir files_;
  OpenvpnCommandOptions options_;
  test::ChildRecorder observer_;
  std::unique_ptr<ChildProcess> child_;
};

TEST_F(RealOpenvpnTest, ServerWithoutAuthUserPassOptional_ReachesItsHoldAndEndsOnTerm) {
  Start(
      "dev tun\nserver 10.99.0.0 255.255.255.0\ntopology subnet\n"
      "ca empty\ncert empty\nkey empty\ndh none\nlport 0\nverb 3\n");
  ASSERT_TRUE(test::RunUntil(
      loop_, [&] { return Said("Need hold release") || observer_.status.has_value(); }));
  ASSERT_FALSE(observer_.status.has_value()) << ::testing::PrintToString(observer_.lines);
  ASSERT_TRUE(child_->Signal(SIGTERM).ok());
  ASSERT_TRUE(RunToExit());
  EXPECT_TRUE(observer_.status->success()) << observer_.status->ToString();
  // Every line of the real binary has the stamp that the parser knows.
  for (const std::string& line : observer_.lines) {
    EXPECT_TRUE(ParseOpenvpnLogLine(line).time.has_value()) << line;
  }
}

TEST_F(RealOpenvpnTest, ErrorInTheConfiguration_IsToldAsFatal) {
  Start("dev tun\nno-such-option\n");
  ASSERT_TRUE(RunToExit());
  EXPECT_EQ(*observer_.status, (ExitStatus{.exited = true, .code = 1}));
  ASSERT_FALSE(observer_.lines.empty());
  const OpenvpnLogLine line = ParseOpenvpnLogLine(observer_.lines[0]);
  EXPECT_EQ(ToString(line.level), "FATAL");
  EXPECT_THAT(line.text, HasSubstr("no-such-option"));
}

}  // namespace
}  // namespace ovpnbroker::ovpn
