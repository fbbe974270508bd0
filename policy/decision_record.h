// What one decision leaves behind: exactly one record, however it ended. Values without secrets;
// observers (log, audit, metrics) get each record once, when nothing more can be learned about it.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "ovpn/base/clock.h"
#include "ovpn/base/ids.h"
#include "ovpn/types/auth_request.h"
#include "ovpn/types/shared_identity.h"
#include "ovpn/types/verdict.h"
#include "policy/failure_rules.h"
#include "policy/policy.h"

namespace ovpnbroker::policy {

// How a decision ended, before any failure rule.
enum class DecisionResult {
  kAllowed,
  kDenied,          // by the policy
  kBanned,          // by the broker: the client is banned
  kAbstained,       // the policy has no opinion
  kPolicyFailed,    // the policy answered that it failed, or threw
  kTimedOut,        // no verdict before the deadline
  kUnavailable,     // nobody could be asked
  kOverloaded,      // too many open decisions, here or in the policy's queue
  kInvalidVerdict,  // the verdict was refused: see violations
  kShutdown,        // the broker stops
  kWithdrawn,       // the client left, began another key or its tunnel run ended
};
inline constexpr size_t kDecisionResultCount = static_cast<size_t>(DecisionResult::kWithdrawn) + 1;

// One time the policy was asked. Times are since the question came to the engine.
struct AttemptRecord {
  ovpn::Duration begin{};
  std::optional<ovpn::Duration> end;  // nullopt: no reply while the decision was open
  std::string replica;                // who replied; empty for the embedded rules
  std::string result;  // "ALLOW", "DENY", "FAILURE TIMEOUT: ..."; empty without reply
};

// One thing that OpenVPN said to the answer.
struct OpenvpnReply {
  ovpn::Duration time{};  // since the question came to the engine
  OutcomeResult outcome = OutcomeResult::kWritten;
  std::string text;  // its own words where it had any
};

struct DecisionRecord {
  // Who asked.
  ovpn::DecisionId id;
  ovpn::AuthKind kind = ovpn::AuthKind::kConnect;
  ovpn::KeyRef key;
  ovpn::SessionUid session_uid;
  ovpn::SharedIdentity identity;
  ovpn::WallTime receive_time;

  // Who answered. `policy` is who was to be asked, empty for a client that is banned; the rest is
  // empty when nobody answered.
  std::string policy;
  std::string replica;
  std::string policy_revision;
  int attempts = 0;
  int steps = 0;  // further steps that were put to the client
  std::vector<AttemptRecord> attempt_list;

  // What was decided.
  DecisionResult result = DecisionResult::kWithdrawn;
  std::string detail;  // the deny's reason, the failure's detail, why it was withdrawn
  std::string code;    // the deny's code
  std::vector<ovpn::FieldViolation> violations;  // with kInvalidVerdict
  std::vector<std::pair<std::string, std::string>> audit_annotations;
  ovpn::Duration latency{};  // from Submit to the answer

  // What was sent, and what OpenVPN made of it.
  AnswerBasis basis = AnswerBasis::kNone;
  std::string answer;              // summary, see SummarizeAnswer; empty when withdrawn
  std::vector<std::string> lines;  // what was written, as ovpn/management/shown_lines shows it
  std::optional<OutcomeResult> outcome;  // nullopt: OpenVPN said nothing in time
  std::string outcome_detail;
  std::vector<OpenvpnReply> replies;          // in the order they came
  std::vector<std::string> wanted_addresses;  // tunnel addresses of the verdict; empty: none named
  std::vector<std::string> got_addresses;     // those that OpenVPN learned when the tunnel was up
};

// A question with the verdict that counts, or the failure that stood in for one. Everything refers
// to the engine's own and is valid during the call only.
struct JudgedRequest {
  const ovpn::DecisionId& id;
  const ovpn::AuthRequest& request;  // with its password: never keep that
  absl::string_view policy;
  const std::string& policy_revision;
  const ovpn::Verdict& verdict;
  ovpn::Duration latency;
  int steps = 0;  // further steps that were put to the client before
};

// Gets every record. Implementations live as long as the engine and do not call back into it.
class DecisionObserver {
 public:
  virtual ~DecisionObserver() = default;
  virtual void OnDecisionRecord(const DecisionRecord& record) = 0;
  // The answer has just been given; the record follows when its outcome is known.
  virtual void OnJudged(const JudgedRequest& /*judged*/) {}
};

// What was sent, for people: addresses and counts, but no option text, since options may carry
// credentials. "allow ifconfig_push=10.8.0.2 routes=2", "deny retry=5s client_reason=\"...\"".
std::string SummarizeAnswer(const ovpn::Verdict& answer);

// The result that a verdict or a failure stands for.
DecisionResult ResultOf(const ovpn::Verdict& verdict);

// "ALLOWED", "POLICY_FAILED", ...
absl::string_view ToString(DecisionResult result);
// "WRITTEN", "VERIFIED", ...
absl::string_view ToString(OutcomeResult result);
// "CLIENT_GONE", ...
absl::string_view ToString(CancelReason reason);

}  // namespace ovpnbroker::policy
