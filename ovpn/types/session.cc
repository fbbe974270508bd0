#include "ovpn/types/session.h"

#include "ovpn/types/auth_request.h"

namespace ovpnbroker::ovpn {

absl::string_view ToString(SessionState state) {
  switch (state) {
    case SessionState::kPending:
      return "PENDING";
    case SessionState::kAuthorized:
      return "AUTHORIZED";
    case SessionState::kEstablished:
      return "ESTABLISHED";
    case SessionState::kEnding:
      return "ENDING";
    case SessionState::kEnded:
      return "ENDED";
    case SessionState::kUnjudged:
      return "UNJUDGED";
  }
  return "UNKNOWN";
}

absl::string_view ToString(AuthKind kind) {
  switch (kind) {
    case AuthKind::kConnect:
      return "CONNECT";
    case AuthKind::kReauth:
      return "REAUTH";
  }
  return "UNKNOWN";
}

}  // namespace ovpnbroker::ovpn
