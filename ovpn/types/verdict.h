// What a policy can say about a decision, and why a verdict did not count. There is no "empty"
// verdict: the absence of one is a deny, by type (policy/decision.h). Plain values; any thread.
#pragma once

#include <chrono>
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

struct Allow {
  ClientConfig config;  // ignored on REAUTH, where OpenVPN keeps the first one
  bool operator==(const Allow&) const = default;
};

// Asks the client to come back by itself: AUTH_FAILED,TEMP[backoff N,advance no]:...
struct RetryHint {
  std::chrono::seconds backoff{5};  // 0 to 86400
  bool advance = false;             // try the next server of the client's list first
  bool operator==(const RetryHint&) const = default;
};

struct Deny {
  std::string reason;         // for the operator: log and audit
  std::string client_reason;  // for the client; empty: plain AUTH_FAILED. Not a reserved form
                              // (TEMP, CRV1:, SESSION:)
  std::string code;           // the policy's own short code for metrics and records; may be empty
  std::optional<RetryHint> retry;  // set: the client keeps its credentials and tries again
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

using Verdict = std::variant<Allow, Deny, Abstain, Failure>;

// "POLICY_FAILED", "TIMEOUT", ... for logs, records and metrics.
absl::string_view ToString(FailureCause cause);
// "ALLOW", "DENY", "ABSTAIN", "FAILURE".
absl::string_view VerdictName(const Verdict& verdict);

}  // namespace ovpnbroker::ovpn
