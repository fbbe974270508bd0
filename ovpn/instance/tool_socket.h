// One tool's socket: reads when asked, writes what it is given, and tells the Passthrough when
// either is done. Owned by the Passthrough and by its own pending completions; loop thread only.
#pragma once

#include <array>
#include <asio/io_context.hpp>
#include <asio/local/stream_protocol.hpp>
#include <asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>

#include "ovpn/base/unique_fd.h"
#include "ovpn/instance/passthrough.h"
#include "ovpn/instance/tool_port.h"

namespace ovpnbroker::ovpn {

class ToolSocket final : public ToolPort, public std::enable_shared_from_this<ToolSocket> {
 public:
  // How long one that left may take to read its last replies.
  static constexpr std::chrono::seconds kLingerTime{5};
  static constexpr size_t kReadBytes = 4096;

  // `fd` is connected and does not block. `passthrough` outlives the use of this as its port.
  ToolSocket(asio::io_context& loop, UniqueFd fd, Passthrough& passthrough);

  // By which the Passthrough knows it; before the loop goes on.
  void SetId(uint64_t id) { id_ = id; }

  void RequestInput() override;
  void Write(std::shared_ptr<const std::string> text) override;
  size_t waiting_bytes() const override { return waiting_bytes_; }
  void CloseWhenWritten() override;
  void Close() override;

 private:
  void StartWrite();
  void OnWriteDone(const asio::error_code& error, size_t count, size_t size);
  void Fail();

  asio::local::stream_protocol::socket socket_;
  asio::steady_timer linger_timer_;
  Passthrough* passthrough_;  // null once closed, or closing
  uint64_t id_ = 0;
  std::array<char, kReadBytes> input_;
  std::deque<std::shared_ptr<const std::string>> output_;
  size_t waiting_bytes_ = 0;
  bool writing_ = false;
  bool closing_ = false;
};

}  // namespace ovpnbroker::ovpn
