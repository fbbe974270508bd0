// The pass-through socket of an Instance, with real sockets at both ends: tools of the test on one
// side, a FakeManagementServer on the other.
#include "ovpn/instance/passthrough_listener.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <asio/buffer.hpp>
#include <asio/local/stream_protocol.hpp>
#include <asio/write.hpp>
#include <filesystem>
#include <memory>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/ovpn/instance/instance_fixture.h"

namespace ovpnbroker::ovpn {
namespace {

using testing::HasSubstr;

class PassthroughListenerTest : public InstanceTest {
 protected:
  // A tool that reads all it is told, until told to stop.
  struct Tool {
    explicit Tool(asio::io_context& loop, const std::string& path) : socket(loop) {
      socket.connect(asio::local::stream_protocol::endpoint(path));
      Read();
    }
    void Read() {
      socket.async_read_some(asio::buffer(space), [this](const asio::error_code& error, size_t n) {
        if (error == asio::error::operation_aborted) return;
        ended = static_cast<bool>(error);
        heard.append(space.data(), n);
        if (!error) Read();
      });
    }
    void Say(const std::string& text) { asio::write(socket, asio::buffer(text)); }
    bool Heard(absl::string_view text) const { return absl::StrContains(heard, text); }

    asio::local::stream_protocol::socket socket;
    std::array<char, 4096> space;
    std::string heard;
    bool ended = false;
  };

  std::string Socket() const { return folder_.File("office.passthrough.sock"); }
  InstanceConfig MakeConfigWithSocket() const {
    InstanceConfig config = MakeConfig();
    config.passthrough.emplace();
    config.passthrough->socket = Socket();
    return config;
  }
  void CreateWithSocket(InstanceConfig config) {
    Create(std::move(config));
    ASSERT_TRUE(instance_->OpenPassthrough().ok());
  }
  std::unique_ptr<Tool> Connect() { return std::make_unique<Tool>(loop_, Socket()); }
};

TEST_F(PassthroughListenerTest, TwoTools_GetTheirOwnRepliesAndNotifications) {
  CreateWithSocket(MakeConfigWithSocket());
  ASSERT_NO_FATAL_FAILURE(BringUp());
  const auto first = Connect();
  const auto second = Connect();
  first->Say("state on\npid\n");
  second->Say("version\nkill alice\n");
  ASSERT_TRUE(RunUntil([&] { return first->Heard("pid=") && second->Heard("ERROR: the 'kill'"); }));
  EXPECT_THAT(second->heard, HasSubstr("Management Version: 5\r\nEND\r\n"));
  EXPECT_EQ(Times("kill alice"), 0);
  server_->Say(">STATE:1795332490,RECONNECTING,SIGUSR1,,,,,\r\n");
  ASSERT_TRUE(
      RunUntil([&] { return first->Heard(">STATE:1795332490,RECONNECTING,SIGUSR1,,,,,\r\n"); }));
  EXPECT_FALSE(second->Heard(">STATE"));
}

TEST_F(PassthroughListenerTest, ChildThatRestarts_LeavesToolsConnected) {
  InstanceConfig config = MakeConfigWithSocket();
  config.restart.initial_delay = std::chrono::milliseconds(1);
  CreateWithSocket(std::move(config));
  ASSERT_NO_FATAL_FAILURE(BringUp());
  const auto tool = Connect();
  tool->Say("log on\n");
  ASSERT_TRUE(RunUntil([&] { return tool->Heard("SUCCESS"); }));
  const size_t launches = launcher_.launches();
  ChildExits(1);
  tool->Say("pid\n");
  ASSERT_TRUE(RunUntil([&] { return tool->Heard("ERROR: the broker is not connected"); }));
  ASSERT_TRUE(RunUntil([&] { return launcher_.launches() > launches; }));
  Listen();
  ASSERT_TRUE(RunUntil([&] { return server_->Heard("log on"); }));
  server_->Say(">LOG:5,I,again\r\n");
  ASSERT_TRUE(RunUntil([&] { return tool->Heard(">LOG:5,I,again\r\n"); }));
  tool->Say("pid\n");
  ASSERT_TRUE(RunUntil([&] { return tool->Heard("SUCCESS: pid="); }));
}

TEST_F(PassthroughListenerTest, HalfClosedTool_GetsItsRepliesAndTheEnd) {
  CreateWithSocket(MakeConfigWithSocket());
  ASSERT_NO_FATAL_FAILURE(BringUp());
  const auto tool = Connect();
  tool->Say("pid\n");
  tool->socket.shutdown(asio::local::stream_protocol::socket::shutdown_send);
  ASSERT_TRUE(RunUntil([&] { return tool->ended; }));
  EXPECT_TRUE(tool->Heard("SUCCESS: pid="));
}

TEST_F(PassthroughListenerTest, ToolThatDoesNotRead_IsCutAndOthersGoOn) {
  InstanceConfig config = MakeConfigWithSocket();
  config.passthrough->max_output_bytes = 64 * 1024;
  CreateWithSocket(std::move(config));
  ASSERT_NO_FATAL_FAILURE(BringUp());
  asio::local::stream_protocol::socket stuck(loop_);
  stuck.connect(asio::local::stream_protocol::endpoint(Socket()));
  asio::write(stuck, asio::buffer(std::string("log on\n")));
  const auto tool = Connect();
  tool->Say("log on\n");
  ASSERT_TRUE(RunUntil([&] { return tool->Heard("SUCCESS"); }));
  // More than the kernel's buffers and the limit together.
  constexpr int kLines = 200;
  for (int i = 0; i < kLines; ++i) {
    const std::string line = absl::StrCat(">LOG:", i, ",I,", std::string(8000, 'x'), "\r\n");
    server_->Say(line);
    ASSERT_TRUE(RunUntil([&] { return absl::EndsWith(tool->heard, line); })) << i;
  }
  EXPECT_EQ(logger_.Count("PASSTHROUGH_CUT"), 1);
}

TEST_F(PassthroughListenerTest, StoppedInstance_StillAnswersAndGoesWithIt) {
  CreateWithSocket(MakeConfigWithSocket());
  const auto tool = Connect();
  tool->Say("status\n");
  ASSERT_TRUE(RunUntil([&] { return tool->Heard("ERROR: the broker is not connected"); }));
  instance_.reset();
  ASSERT_TRUE(RunUntil([&] { return tool->ended; }));
  EXPECT_FALSE(std::filesystem::exists(Socket()));
}

TEST_F(PassthroughListenerTest, SocketInUse_IsAnErrorThatNamesIt) {
  CreateWithSocket(MakeConfigWithSocket());
  const auto second = MakeInstance(MakeConfigWithSocket());
  const absl::Status status = second->OpenPassthrough();
  EXPECT_THAT(std::string(status.message()), HasSubstr(Socket()));
}

}  // namespace
}  // namespace ovpnbroker::ovpn
