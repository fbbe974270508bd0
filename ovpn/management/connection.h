// The management connection to one OpenVPN, kept up: connects with backoff, logs in, prepares the
// session, then carries messages up and commands down until it is lost, and starts again. Owned by
// the instance; loop thread only.
#pragma once

#include <asio/io_context.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "ovpn/base/backoff.h"
#include "ovpn/base/clock.h"
#include "ovpn/base/log.h"
#include "ovpn/base/secret.h"
#include "ovpn/management/command.h"
#include "ovpn/management/management_address.h"
#include "ovpn/management/message.h"
#include "ovpn/management/openvpn_version.h"
#include "ovpn/management/reply_queue.h"
#include "ovpn/management/unknown_notifications.h"

namespace ovpnbroker::ovpn {

struct Greeting {
  int management_version = 0;
  OpenvpnVersion openvpn_version;
  std::string openvpn_version_text;  // "OpenVPN 2.6.14 x86_64-pc-linux-gnu [SSL (OpenSSL)] ..."
};

// What a connection reports. For each connection: OnReady, then OnMessage in the order of the
// stream, then OnLost. An implementation may call Send and Stop from inside a call, and must not
// destroy the connection there.
class ConnectionHandler {
 public:
  virtual ~ConnectionHandler() = default;

  // `env-filter 0`, `state on` and `bytecount` are set. What OpenVPN notified before that, such as
  // its first >HOLD, follows as messages.
  virtual void OnReady(const Greeting& greeting) = 0;
  // Everything but reply lines, which go to their commands.
  virtual void OnMessage(Message&& message) = 0;
  // After the callbacks of all unanswered commands. UNAVAILABLE: a ready connection was lost, the
  // next attempt is under way. Final, with or without OnReady before it, until Start is called
  // again: PERMISSION_DENIED (the socket's password), FAILED_PRECONDITION (an OpenVPN that is too
  // old or refuses a command of the preparation).
  virtual void OnLost(const absl::Status& status) = 0;
};

class Connection {
 public:
  struct Options {
    std::string instance;  // for logs
    ManagementAddress address;
    std::optional<Secret> password;  // of the socket
    Backoff::Options backoff{std::chrono::milliseconds(100), std::chrono::seconds(5)};
    Duration start_timeout = std::chrono::seconds(10);  // from connect to ready
    Duration reply_timeout = std::chrono::seconds(10);  // from Send to the (next) reply line
    size_t max_output_bytes = 1024 * 1024;              // not yet taken by OpenVPN
    std::chrono::seconds bytecount_interval{10};        // 0: off
  };

  struct Request {
    Command command;
    ReplyCallback on_reply;
  };

  // `loop`, `handler` and `logger` outlive the connection.
  Connection(asio::io_context& loop, Options options, ConnectionHandler& handler, Logger& logger);
  // Calls nobody: neither OnLost nor a callback.
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Begins to connect; no effect while it runs.
  void Start();
  // Closes and stays closed. Callbacks of unanswered commands get UNAVAILABLE; no OnLost.
  void Stop();
  bool ready() const;

  void Send(Command command, ReplyCallback on_reply);
  // Several commands in one write, so that OpenVPN reads nothing in between.
  void SendTogether(std::vector<Request> requests);

  // Notifications that this broker does not know, since the connection was made; survives
  // reconnects.
  const UnknownNotifications& unknown_notifications() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ovpnbroker::ovpn
