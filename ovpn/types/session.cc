#include "ovpn/types/session.h"

#include "ovpn/types/auth_request.h"

namespace ovpnbroker::ovpn {

absl::string_view ToString(SessionState state) {
  switch (state) {
    case SessionState::kPending:
      return "PENDING";
    case SessionState::kPendingAuth:
      return "PENDING_AUTH";
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

absl::string_view ToString(SessionChange change) {
  switch (change) {
    case SessionChange::kAsked:
      return "ASKED";
    case SessionChange::kStepPut:
      return "STEP_PUT";
    case SessionChange::kAuthorized:
      return "AUTHORIZED";
    case SessionChange::kEstablished:
      return "ESTABLISHED";
    case SessionChange::kAddressLearned:
      return "ADDRESS_LEARNED";
    case SessionChange::kReauthenticated:
      return "REAUTHENTICATED";
    case SessionChange::kEnding:
      return "ENDING";
    case SessionChange::kEnded:
      return "ENDED";
    case SessionChange::kAdopted:
      return "ADOPTED";
  }
  return "UNKNOWN";
}

absl::string_view ToString(AuthKind kind) {
  switch (kind) {
    case AuthKind::kConnect:
      return "CONNECT";
    case AuthKind::kReauth:
      return "REAUTH";
    case AuthKind::kChallengeResponse:
      return "CHALLENGE_RESPONSE";
  }
  return "UNKNOWN";
}

absl::string_view ToString(TokenState state) {
  switch (state) {
    case TokenState::kNone:
      return "NONE";
    case TokenState::kInitial:
      return "INITIAL";
    case TokenState::kAuthenticated:
      return "AUTHENTICATED";
    case TokenState::kExpired:
      return "EXPIRED";
    case TokenState::kInvalid:
      return "INVALID";
    case TokenState::kAuthenticatedEmptyUser:
      return "AUTHENTICATED_EMPTY_USER";
    case TokenState::kExpiredEmptyUser:
      return "EXPIRED_EMPTY_USER";
  }
  return "UNKNOWN";
}

}  // namespace ovpnbroker::ovpn
