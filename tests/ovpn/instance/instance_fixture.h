// An Instance whose OpenVPN is played by the test: a FakeChild for the process, a
// FakeManagementServer for its socket, on a loop and a directory of the test's own. Times are real,
// and short where a test waits for them.
#pragma once

#include <gtest/gtest.h>

#include <asio/io_context.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "ovpn/base/clock.h"
#include "ovpn/instance/instance.h"
#include "tests/ovpn/instance/sessions_fixture.h"
#include "tests/support/fake_launcher.h"
#include "tests/support/fake_management_server.h"
#include "tests/support/loop_runner.h"
#include "tests/support/recording_logger.h"
#include "tests/support/temp_dir.h"

namespace ovpnbroker::ovpn {

class InstanceTest : public ::testing::Test {
 protected:
  InstanceConfig MakeConfig(const std::string& name = "office") const {
    InstanceConfig config(*ManagementAddress::Unix(folder_.File(name + ".sock")));
    config.name = name;
    config.openvpn = "/usr/sbin/openvpn";
    config.openvpn_config = folder_.File(name + ".conf");
    config.working_directory = folder_.path();
    config.runtime_directory = folder_.path();
    return config;
  }

  std::unique_ptr<Instance> MakeInstance(InstanceConfig config,
                                         std::optional<Secret> password = std::nullopt) {
    return std::make_unique<Instance>(loop_, clock_, std::move(config), *DirectivePolicy::Make({}),
                                      std::move(password), launcher_, sink_, logger_);
  }
  void Create(InstanceConfig config) { instance_ = MakeInstance(std::move(config)); }
  void Create() { Create(MakeConfig()); }

  bool RunUntil(const std::function<bool()>& done) { return test::RunUntil(loop_, done); }
  bool RunUntilState(InstanceState state) {
    return RunUntil([&] { return instance_->snapshot().state == state; });
  }

  // The child has bound its management socket.
  void Listen() {
    server_ = std::make_unique<test::FakeManagementServer>(
        loop_, instance_->config().management.unix_path());
  }
  // Until the child of this start is there; its socket is not.
  void Launch() {
    const size_t before = launcher_.launches();
    instance_->Start();
    ASSERT_TRUE(RunUntil([&] { return launcher_.launches() > before; }));
  }
  // Until the child of this start is connected, on hold and told to go on.
  void LaunchAndRelease() {
    ASSERT_NO_FATAL_FAILURE(Launch());
    Listen();
    ASSERT_TRUE(RunUntil([&] { return server_->Heard("hold release"); }));
  }
  void BringUp() {
    ASSERT_NO_FATAL_FAILURE(LaunchAndRelease());
    server_->Say(kConnected);
    ASSERT_TRUE(RunUntilState(InstanceState::kRunning));
  }
  // The process ends, and its sockets with it.
  void ChildExits(int code) {
    server_.reset();
    launcher_.last().Exit(code);
  }
  int Times(absl::string_view line) const {
    int count = 0;
    for (const std::string& heard : server_->lines()) count += heard == line ? 1 : 0;
    return count;
  }

  static constexpr absl::string_view kConnected =
      ">STATE:1795332486,CONNECTED,SUCCESS,10.70.0.1,,,127.0.0.1,11960\r\n";
  static constexpr absl::string_view kConnect =
      ">CLIENT:CONNECT,0,1\r\n>CLIENT:ENV,common_name=alice\r\n>CLIENT:ENV,END\r\n";

  asio::io_context loop_;
  SystemClock clock_;
  test::TempDir folder_;
  test::RecordingLogger logger_;
  test::RecordingSink sink_;
  test::FakeLauncher launcher_;
  std::unique_ptr<test::FakeManagementServer> server_;
  std::unique_ptr<Instance> instance_;
};

}  // namespace ovpnbroker::ovpn
