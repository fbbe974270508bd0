// What OpenVPN says on its management socket, one value a message: an event with its whole
// environment, a notification of one line, or one line of a reply. Strings are bytes as OpenVPN
// sent them. Made by the MessageParser; move-only because of passwords. Any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "ovpn/base/ids.h"
#include "ovpn/types/client_event.h"
#include "ovpn/types/environment.h"

namespace ovpnbroker::ovpn {

// >BYTECOUNT_CLI: link bytes of one client since its connect.
struct ByteCount {
  Cid cid;
  uint64_t received_bytes = 0;  // from the client
  uint64_t sent_bytes = 0;
};

// >STATE: where the tunnel run is. Fields that do not apply are empty.
struct StateChange {
  int64_t unix_time = 0;
  std::string name;    // CONNECTING, ASSIGN_IP, CONNECTED, RECONNECTING, EXITING, ...
  std::string detail;  // CONNECTED: "SUCCESS"; RECONNECTING and EXITING: the signal
  std::string tunnel_ipv4;
  std::string remote_ip;
  std::string remote_port;
  std::string local_ip;
  std::string local_port;
  std::string tunnel_ipv6;
  std::string text;  // all of it, as OpenVPN wrote it after ">STATE:"
};

// >LOG: a line of OpenVPN's log.
struct LogLine {
  int64_t unix_time = 0;
  std::string flags;  // of I F N W D; may be empty
  std::string text;
};

// >HOLD: OpenVPN waits for `hold release`.
struct Hold {
  std::chrono::seconds pause{0};  // the pause it would have made by itself
};

// >FATAL: the last words; the socket closes next.
struct Fatal {
  std::string text;
};

// >INFO: the greeting of a connection.
struct Info {
  std::string text;
};

// "ENTER PASSWORD:": the socket itself asks; also the only sign that a password was wrong.
struct PasswordPrompt {};

// >PASSWORD: "Need 'Private Key' password", "Verification Failed: 'Private Key'".
struct PasswordRequest {
  std::string text;
};

// >NOTIFY: a client said something, OpenVPN does not say which one: info,remote-exit,EXIT.
struct RemoteNotify {
  std::string severity;
  std::string type;
  std::string text;
};

// >UPDOWN: the tunnel device went up or down.
struct UpDown {
  bool up = false;
  Environment environment;
};

// >ECHO: text of an `echo` directive.
struct Echo {
  int64_t unix_time = 0;
  std::string text;
};

// A notification that this broker does not know. `sample` shows its form, never its values: each
// run of letters or digits is one 'x'.
struct UnknownNotification {
  std::string name;
  std::string sample;
};

// Anything that does not start with '>': a line of the reply to the oldest unanswered command.
struct ReplyLine {
  std::string text;
};

// Something that OpenVPN does not send. What belonged to it was dropped, the lines after it count
// again; a handler that keeps state should compare it with `status 3`.
struct ProtocolError {
  struct WaitingKey {
    Cid cid;
    Kid kid;
    bool operator==(const WaitingKey&) const = default;
  };

  std::string what;  // which notification and what is wrong; never a value of an environment
  // The CONNECT or REAUTH that was dropped: without its environment it can only be denied.
  std::optional<WaitingKey> waiting_key;
};

using Message = std::variant<ClientEvent, ByteCount, StateChange, LogLine, Hold, Fatal, Info,
                             PasswordPrompt, PasswordRequest, RemoteNotify, UpDown, Echo,
                             UnknownNotification, ReplyLine, ProtocolError>;

}  // namespace ovpnbroker::ovpn
