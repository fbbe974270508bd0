// One question of OpenVPN's, ready for a policy: everything a decision is made from. Made by
// ovpn/instance, owned by the Decision (policy/decision.h) until it is answered. Move-only because
// of the password.
#pragma once

#include <memory>
#include <optional>

#include "ovpn/base/clock.h"
#include "ovpn/base/ids.h"
#include "ovpn/base/secret.h"
#include "ovpn/types/environment.h"
#include "ovpn/types/session.h"

namespace ovpnbroker::ovpn {

enum class AuthKind {
  kConnect,
  kReauth,
  kChallengeResponse,  // the client answered the question of a PendingAuth
};

// What OpenVPN says of an auth-gen-token that came as the password (`session_state`, with
// external-auth): decide by it, not by the password.
enum class TokenState {
  kNone,  // no auth-gen-token in use
  kInitial,
  kAuthenticated,
  kExpired,
  kInvalid,
  kAuthenticatedEmptyUser,
  kExpiredEmptyUser,
};

struct AuthRequest {
  AuthKind kind = AuthKind::kConnect;
  KeyRef key;
  Session session;                                 // a snapshot
  std::shared_ptr<const Environment> environment;  // never null
  std::optional<Secret> password;
  std::optional<Secret> challenge_response;  // with kChallengeResponse: base64 by convention
  TokenState token_state = TokenState::kNone;
  WallTime receive_time;  // when the notification was complete
};

// "CONNECT", "REAUTH", "CHALLENGE_RESPONSE".
absl::string_view ToString(AuthKind kind);
// "NONE", "INITIAL", "AUTHENTICATED", ...
absl::string_view ToString(TokenState state);

}  // namespace ovpnbroker::ovpn
