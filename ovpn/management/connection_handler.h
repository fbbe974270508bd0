// What a management connection reports, and to whom. Implemented by the instance; loop thread only.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "ovpn/management/message.h"
#include "ovpn/management/openvpn_version.h"

namespace ovpnbroker::ovpn {

struct Greeting {
  int management_version = 0;
  OpenvpnVersion openvpn_version;
  std::string openvpn_version_text;  // "OpenVPN 2.6.14 x86_64-pc-linux-gnu [SSL (OpenSSL)] ..."
};

// For each connection: OnReady, then OnMessage in the order of the stream, then OnLost. An
// implementation may call Send and Stop from inside a call, and must not destroy the connection
// there.
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

}  // namespace ovpnbroker::ovpn
