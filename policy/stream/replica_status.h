// What operators can be told of a remote policy: its replicas' streams and what went wrong on them.
// Plain values, taken on the loop thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "ovpn/base/clock.h"
#include "policy/stream/circuit_breaker.h"

namespace ovpnbroker::policy {

enum class ReplicaState {
  kBackoff,      // waits before it dials again
  kConnecting,   // dials
  kHandshaking,  // Hello is on its way, HelloAck has not come
  kReady,        // takes decisions
  kDraining,     // finishes what it has
  kClosed,       // done: the broker drains
};

// "BACKOFF", "CONNECTING", ...
absl::string_view ToString(ReplicaState state);

struct ReplicaStatus {
  std::string address;
  ReplicaState state = ReplicaState::kBackoff;
  ovpn::WallTime state_change_time;
  size_t in_flight = 0;
  int max_in_flight = 0;  // as agreed; 0 before the first handshake
  CircuitState circuit = CircuitState::kClosed;
  bool session_events = false;  // are sent
  bool dry_run = false;         // takes requests that are dry runs
  int64_t event_lag = 0;        // journal entries that the policy has not confirmed
  std::string policy_id;        // as the replica calls itself
  std::string revision;         // of the replica's rules, as it said last
  std::string
      last_error;  // why the last stream ended or why there is none; empty: nothing was wrong
};

// Counts since the policy was made, over all replicas.
struct StreamCounters {
  uint64_t requests = 0;           // written to a stream, retries included
  uint64_t verdicts = 0;           // that came in time, invalid ones included
  uint64_t invalid_verdicts = 0;   // could not be read as meant
  uint64_t late_verdicts = 0;      // for a decision that was over, unknown or another replica's
  uint64_t unknown_messages = 0;   // without an arm that this version knows
  uint64_t rejected_messages = 0;  // need a capability that is not on
  uint64_t protocol_errors = 0;    // streams ended because the policy broke the order of messages
  uint64_t streams_lost = 0;       // that had been READY
  uint64_t failed_dials = 0;       // streams that never became READY
  uint64_t events = 0;             // session events given to a stream
  uint64_t cursors_lost = 0;       // told to a policy, which got a snapshot instead
  uint64_t commands = 0;           // received, refused ones included
  uint64_t overloads = 0;          // decisions refused because the wait queue was full
  uint64_t circuits_opened = 0;    // replicas that were held back because they did not answer
  uint64_t rotations = 0;          // old streams that a new one has replaced
  uint64_t failed_lookups = 0;     // of names
  uint64_t hedges = 0;             // late decisions asked again while the first may still answer
  uint64_t hedges_withheld = 0;    // not asked again: the budget for it was used up
};

}  // namespace ovpnbroker::policy
