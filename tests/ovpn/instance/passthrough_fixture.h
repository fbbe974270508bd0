// A Passthrough between recording ports and a channel whose replies the test gives by hand, on a
// clock that stands still.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ovpn/instance/passthrough.h"
#include "tests/ovpn/instance/sessions_fixture.h"
#include "tests/support/manual_clock.h"
#include "tests/support/recording_logger.h"

namespace ovpnbroker::ovpn {

class FakePort final : public ToolPort {
 public:
  void RequestInput() override { ++input_requests; }
  void Write(std::shared_ptr<const std::string> text) override {
    texts.push_back(*text);
    if (stuck) waiting += text->size();
  }
  size_t waiting_bytes() const override { return waiting; }
  void CloseWhenWritten() override { left = true; }
  void Close() override { closed = true; }

  int input_requests = 0;
  bool stuck = false;  // nothing more is read at the other end
  size_t waiting = 0;
  bool left = false;    // closed behind what was written
  bool closed = false;  // at once
  std::vector<std::string> texts;
};

class PassthroughTest : public testing::Test {
 protected:
  struct TestTool {
    std::shared_ptr<FakePort> port = std::make_shared<FakePort>();
    std::optional<uint64_t> id;

    // What it was told since the last call.
    std::string Heard() {
      std::string all;
      for (const std::string& text : std::exchange(port->texts, {})) all += text;
      return all;
    }
  };

  Passthrough& Make(PassthroughConfig config = PassthroughConfig()) {
    const Subscriptions own{.state = true, .bytecount = std::chrono::seconds(5)};
    passthrough_ =
        std::make_unique<Passthrough>("office", std::move(config), own, channel_, clock_, logger_);
    passthrough_->SetDeadlineListener(
        [this](std::optional<SteadyTime> deadline) { deadline_ = deadline; });
    return *passthrough_;
  }

  TestTool Connect() {
    TestTool tool;
    tool.id = passthrough_->Add(tool.port, "uid 0, pid 1");
    if (tool.id.has_value()) {
      EXPECT_EQ(tool.Heard(),
                ">INFO:OpenVPN Management Interface Version 5 -- type 'help' for more info\r\n");
    }
    return tool;
  }
  void Say(const TestTool& tool, absl::string_view bytes) {
    passthrough_->OnInput(*tool.id, bytes);
  }
  // What OpenVPN was told since the last call.
  std::string Asked() {
    std::string all;
    for (const std::string& write : std::exchange(channel_.writes, {})) all += write;
    return all;
  }
  void Pass(Duration time) {
    clock_.Advance(time);
    if (deadline_.has_value() && *deadline_ <= clock_.Now()) passthrough_->OnDeadline();
  }

  static Message Count(uint64_t cid) { return ByteCount{{cid}, 10, 20}; }
  static Message State(absl::string_view text) {
    StateChange state;
    state.text = std::string(text);
    return state;
  }

  test::ManualClock clock_;
  test::RecordingLogger logger_;
  test::FakeChannel channel_;
  std::optional<SteadyTime> deadline_;
  std::unique_ptr<Passthrough> passthrough_;
};

}  // namespace ovpnbroker::ovpn
