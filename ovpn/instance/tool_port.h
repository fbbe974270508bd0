// The way to one tool: a socket, or a recording fake in tests. Held by the Passthrough; loop thread
// only.
#pragma once

#include <memory>
#include <string>

namespace ovpnbroker::ovpn {

// Never calls the Passthrough from inside a call.
class ToolPort {
 public:
  virtual ~ToolPort() = default;

  // Asks for the next bytes, once: Passthrough::OnInput or OnInputEnd follows.
  virtual void RequestInput() = 0;
  // Sends `text` after all that was given before. Several tools may share it.
  virtual void Write(std::shared_ptr<const std::string> text) = 0;
  // Bytes given to Write that the kernel has not taken.
  virtual size_t waiting_bytes() const = 0;
  // After all that was written: closes, and calls nobody any more.
  virtual void CloseWhenWritten() = 0;
  // At once.
  virtual void Close() = 0;
};

}  // namespace ovpnbroker::ovpn
