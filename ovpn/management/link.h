// One socket to one OpenVPN, from connect to close: reads and writes go on independently, since
// OpenVPN reads no command while it has output queued. It knows messages and blocks of bytes, not
// what they mean. Owned by the Connection, and by its own pending completions; loop thread only.
#pragma once

#include <asio/generic/stream_protocol.hpp>
#include <asio/io_context.hpp>
#include <deque>
#include <memory>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "ovpn/base/secret.h"
#include "ovpn/management/message.h"
#include "ovpn/management/message_parser.h"

namespace ovpnbroker::ovpn {

class Link : public std::enable_shared_from_this<Link> {
 public:
  // Called from the loop, never from inside a call to the link, and not after Close.
  class Owner {
   public:
    virtual void OnLinkConnected() = 0;
    virtual void OnLinkMessage(Message&& message) = 0;
    // NOT_FOUND: nobody listens there (yet). UNAVAILABLE: anything else. The link is closed.
    virtual void OnLinkClosed(const absl::Status& status) = 0;

   protected:
    ~Owner() = default;
  };

  Link(asio::io_context& loop, Owner& owner) : socket_(loop), owner_(&owner) {}

  void Connect(const asio::generic::stream_protocol::endpoint& endpoint);
  // Writes a copy of `bytes` after all that was given before, as one block.
  void Write(absl::string_view bytes);
  // Nothing more is read or written, not even the rest of a block; the owner is forgotten.
  void Close();

  // Bytes given to Write that the kernel has not taken.
  size_t waiting_bytes() const { return waiting_bytes_; }

 private:
  void Read();
  void DeliverMessages();
  void StartWrite();
  void Fail(const absl::Status& status);

  asio::generic::stream_protocol::socket socket_;
  Owner* owner_;  // null once closed
  MessageParser parser_;
  std::deque<Secret> blocks_;  // a command may hold a password
  size_t waiting_bytes_ = 0;
  bool writing_ = false;
  bool reading_messages_ = false;  // StartWrite comes when all of them were delivered
};

}  // namespace ovpnbroker::ovpn
