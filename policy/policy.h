// The one interface through which the engine asks anybody for a verdict: the embedded rules
// (policy/rules), a set of remote replicas (policy/stream), a fake in tests. Owned by the broker;
// every call is made on the loop thread and every reply comes on it.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "ovpn/base/clock.h"
#include "ovpn/base/ids.h"
#include "ovpn/types/auth_request.h"
#include "ovpn/types/verdict.h"

namespace ovpnbroker::policy {

// What one attempt of a decision shows the policy. References live until the reply or Cancel.
struct Inquiry {
  const ovpn::DecisionId& decision_id;
  int attempt = 1;  // counts dispatches of this decision, from 1
  const ovpn::AuthRequest& request;
  ovpn::Duration timeout;  // what is left of the decision's budget
  // Questions that the client has answered so far; `request` is the newest answer then.
  int round = 0;
  // No client waits: the verdict is only looked at, and the policy is to leave out whatever it does
  // besides. One ask, without Continue and ReportOutcome; never put to a policy that does not take
  // dry runs.
  bool dry_run = false;
  // Asks for more time, counted from now. Not OK, with the reason, when it is not granted.
  std::function<absl::Status(ovpn::Duration)> extend = nullptr;
};

// Whether whoever answers is shown clients' passwords, and if not, why.
enum class PasswordAccess {
  kUnknown,       // nobody answered
  kShown,         // it is
  kNotGranted,    // the operator grants this policy none
  kNotRequested,  // it does not ask for them
  kShadow,        // its verdicts do not count, so it gets none
  kRules,         // embedded rules have no use for them
};

// One answer to one attempt.
struct PolicyReply {
  ovpn::Verdict verdict;
  std::string policy_revision;  // the policy's own version, may be empty
  std::string replica;          // the address that answered; empty for the embedded rules
  std::vector<std::pair<std::string, std::string>> audit_annotations;
  PasswordAccess password_access = PasswordAccess::kUnknown;
};

// The reply of whoever has no verdict.
inline PolicyReply FailureReply(ovpn::FailureCause cause, absl::string_view detail) {
  return {ovpn::Failure{cause, std::string(detail), {}}, "", "", {}};
}

// What became of a verdict, told to the policy that gave it.
enum class OutcomeResult {
  kWritten,      // OpenVPN took the answer; it says no more than that CID and KID exist
  kVerified,     // ESTABLISHED came and the addresses are the ones asked for
  kMismatched,   // the addresses differ from those asked for
  kRejected,     // refused before it was written: see violations
  kLate,         // came after the decision had ended, or was a second one
  kNotEnforced,  // OpenVPN no longer knew the client
};

struct Outcome {
  OutcomeResult result;
  std::string message;
  std::vector<ovpn::FieldViolation> violations;
};

enum class CancelReason { kClientGone, kTimedOut, kSuperseded, kInstanceStopped };

class Policy {
 public:
  using ReplyCallback = std::function<void(PolicyReply)>;

  virtual ~Policy() = default;

  // The name in the configuration.
  virtual absl::string_view name() const = 0;

  // Asks once. `reply` is called at most once, perhaps before Ask returns, and never after Cancel
  // of the same decision. A PendingAuth does not count: the call stays open for the verdict that
  // follows it, until the client's response is asked about with another Ask. A policy that cannot
  // answer replies Failure{kUnavailable or kOverloaded} at once; the engine decides on a retry. A
  // second Ask with the same decision_id is a retry: it should go to another replica, and the first
  // may still answer.
  virtual void Ask(const Inquiry& inquiry, ReplyCallback reply) = 0;

  // The answer is not wanted any more. Unknown ids are ignored.
  virtual void Cancel(const ovpn::DecisionId& decision_id, CancelReason reason) = 0;

  // Tells what became of a verdict this policy gave. Unknown ids are ignored.
  virtual void ReportOutcome(const ovpn::DecisionId& decision_id, const Outcome& outcome) = 0;

  // True when Ask can be expected to reach somebody now.
  virtual bool ready() const = 0;

  // True when an Inquiry with `dry_run` can be asked now. Most policies cannot be trusted to judge
  // without side effects unless they said so.
  virtual bool takes_dry_runs() const { return false; }
};

}  // namespace ovpnbroker::policy
