// A session: one client instance of OpenVPN as the broker sees it, from its first CONNECT to its
// DISCONNECT. Values; the table that owns them is ovpn/instance/session_table. Any thread may hold
// a copy.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "ovpn/base/clock.h"
#include "ovpn/base/ids.h"
#include "ovpn/types/shared_identity.h"

namespace ovpnbroker::ovpn {

// DISCONNECT may come before ESTABLISHED; ENDED is final.
enum class SessionState {
  kPending,      // CONNECT came, no answer was written yet
  kPendingAuth,  // the client was asked for one more step; the decision is still open
  kAuthorized,   // an allow was written, ESTABLISHED has not come
  kEstablished,  // ESTABLISHED came
  kEnding,       // killed or denied; OpenVPN keeps it for about 5 s more
  kEnded,        // DISCONNECT came, or the tunnel run ended
  kUnjudged,     // found by `status 3` with no verdict of ours: an adopted child, or a token that
                 // bypassed us
};

inline constexpr size_t kSessionStateCount = static_cast<size_t>(SessionState::kUnjudged) + 1;

// What has just happened to a session.
enum class SessionChange {
  kAsked,            // CONNECT came, for a new client or again for one whose keys were lost
  kStepPut,          // a further step was put to the client
  kAuthorized,       // an allow of a CONNECT was handed over
  kEstablished,      // ESTABLISHED came
  kAddressLearned,   // OpenVPN learned a tunnel address
  kReauthenticated,  // an allow of a REAUTH was handed over: the keys are renewed
  kEnding,           // killed or denied
  kEnded,            // DISCONNECT came, or the tunnel run ended
  kAdopted,          // found alive without a verdict of this broker's
};

struct Session {
  SessionUid uid;
  ClientRef client;
  SessionState state = SessionState::kPending;
  SharedIdentity identity;
  std::vector<std::string>
      virtual_addresses;  // as ADDRESS named them, tunnel addresses only (not iroutes)
  WallTime create_time;   // CONNECT came
  std::optional<WallTime> establish_time;
  std::optional<WallTime> end_time;
  std::string end_reason;       // why the broker ended it, or "disconnected"
  uint64_t received_bytes = 0;  // from the client, link bytes since connect
  uint64_t sent_bytes = 0;
  std::string
      policy;  // who decided last; with " (failure_mode)" when the failure rules admitted it
  std::string policy_revision;
  DecisionId last_decision_id;
};

// "PENDING", "AUTHORIZED", ...
absl::string_view ToString(SessionState state);
// "ASKED", "AUTHORIZED", ...
absl::string_view ToString(SessionChange change);

}  // namespace ovpnbroker::ovpn
