// What a policy can say about a decision, and why a verdict did not count. There is no "empty"
// verdict: the absence of one is a deny, by type (policy/decision.h). Plain values; any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/string_view.h"
#include "ovpn/base/clock.h"
#include "ovpn/types/client_config.h"

namespace ovpnbroker::ovpn {

// Something wrong with one field of a verdict. `field` is a path in the policy's own terms:
// "allow.config.push_options[2]", "deny.client_reason".
struct FieldViolation {
  std::string field;
  std::string description;  // what is wrong and what is accepted; never the value of a secret
  bool operator==(const FieldViolation&) const = default;
};

// How long an allowed session may last and how many of its user there may be. The broker enforces
// them (policy/session_limits): OpenVPN knows neither.
struct SessionLimits {
  // What happens to the session that would be one too many.
  enum class Excess {
    kDenyNew,    // it is denied
    kEndOldest,  // it gets in, and the oldest one is ended
  };
  // Measured from the CONNECT; then the session is ended. nullopt: no limit.
  std::optional<std::chrono::seconds> max_duration = std::nullopt;
  // Sessions of the same user name (common name when it gave none) over all instances, this one
  // included. 0: no limit.
  uint32_t max_sessions = 0;
  Excess excess = Excess::kDenyNew;
  bool operator==(const SessionLimits&) const = default;
};

struct Allow {
  ClientConfig config = {};  // ignored on REAUTH, where OpenVPN keeps the first one
  SessionLimits limits = {};
  bool operator==(const Allow&) const = default;
};

// Asks the client to come back by itself: AUTH_FAILED,TEMP[backoff N,advance no]:...
struct RetryHint {
  std::chrono::seconds backoff{5};  // 0 to 86400
  bool advance = false;             // try the next server of the client's list first
  bool operator==(const RetryHint&) const = default;
};

// A question inside a deny (CRV1): the client connects again with its user's answer as password.
struct DynamicChallenge {
  std::string
      state_id;       // the policy's own name for the dialogue, comes back with the answer; no ':'
  std::string text;   // what the user reads
  bool echo = false;  // show what the user types
  bool response_required = true;
  bool operator==(const DynamicChallenge&) const = default;
};

struct Deny {
  std::string reason = {};         // for the operator: log and audit
  std::string client_reason = {};  // for the client; empty: plain AUTH_FAILED. Not a reserved form
                                   // (TEMP, CRV1:, SESSION:)
  std::string code = {};  // the policy's own short code for metrics and records; may be empty
  // Set: the client keeps its credentials and tries again. At most one of the two.
  std::optional<RetryHint> retry = std::nullopt;
  std::optional<DynamicChallenge> challenge = std::nullopt;
  bool operator==(const Deny&) const = default;
};

// The policy has no opinion. Nobody else decides, so it is a plain deny.
struct Abstain {
  bool operator==(const Abstain&) const = default;
};

// Why there is no verdict. Each has its own metric, log id and text.
enum class FailureCause {
  kPolicyFailed,    // the policy answered that it failed
  kTimeout,         // the decision's deadline passed
  kUnavailable,     // no replica ready, or the stream died and no retry budget was left
  kOverloaded,      // the wait queue is full
  kInvalidVerdict,  // the verdict would not make a block that OpenVPN reads as meant
  kShutdown,        // the broker or the instance is stopping
};

struct Failure {
  FailureCause cause = FailureCause::kPolicyFailed;
  std::string detail;                      // for the operator
  std::vector<FieldViolation> violations;  // with kInvalidVerdict
  bool operator==(const Failure&) const = default;
};

// The client must do one more thing while it waits; the decision stays open until a further verdict
// or until `timeout` is over.
struct PendingAuth {
  enum class Method {
    kWebAuth,    // open a page in a browser: `text` is its address and may hold a one-time token
    kChallenge,  // answer a question: `text` is what the user reads
  };
  Method method = Method::kChallenge;
  std::string text;  // never logged
  // kWebAuth: OpenVPN's own words hidden, external, proxy.
  std::vector<std::string> flags = {};
  // kChallenge: show what the user types.
  bool echo = false;
  std::chrono::seconds timeout{0};  // 0: as long as OpenVPN grants
  bool operator==(const PendingAuth&) const = default;
};

using Verdict = std::variant<Allow, Deny, Abstain, Failure, PendingAuth>;

// "POLICY_FAILED", "TIMEOUT", ... for logs, records and metrics.
absl::string_view ToString(FailureCause cause);
// "ALLOW", "DENY", "ABSTAIN", "FAILURE", "PENDING_AUTH".
absl::string_view VerdictName(const Verdict& verdict);

}  // namespace ovpnbroker::ovpn
