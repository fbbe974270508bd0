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

enum class AuthKind { kConnect, kReauth };

struct AuthRequest {
  AuthKind kind = AuthKind::kConnect;
  KeyRef key;
  Session session;                                 // a snapshot
  std::shared_ptr<const Environment> environment;  // never null
  std::optional<Secret> password;
  WallTime receive_time;  // when the notification was complete
};

// "CONNECT", "REAUTH".
absl::string_view ToString(AuthKind kind);

}  // namespace ovpnbroker::ovpn
