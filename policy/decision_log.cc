#include "policy/decision_log.h"

#include <chrono>
#include <vector>

#include "ovpn/types/violation_text.h"

namespace ovpnbroker::policy {
namespace {

struct LineKind {
  ovpn::LogLevel level;
  absl::string_view id;
  absl::string_view message;
};

LineKind LineKindOf(DecisionResult result) {
  using ovpn::LogLevel;
  switch (result) {
    case DecisionResult::kAllowed:
      return {LogLevel::kInfo, "DECISION_ALLOWED", "the policy allowed the client"};
    case DecisionResult::kDenied:
      return {LogLevel::kInfo, "DECISION_DENIED", "the policy denied the client"};
    case DecisionResult::kBanned:
      return {LogLevel::kInfo, "DECISION_BANNED", "the broker denied a banned client"};
    case DecisionResult::kAbstained:
      return {LogLevel::kWarning, "DECISION_ABSTAINED", "the policy had no opinion on the client"};
    case DecisionResult::kPolicyFailed:
      return {LogLevel::kWarning, "POLICY_FAILED", "the policy failed to decide"};
    case DecisionResult::kTimedOut:
      return {LogLevel::kWarning, "DECISION_TIMEOUT", "no verdict came before the deadline"};
    case DecisionResult::kUnavailable:
      return {LogLevel::kWarning, "POLICY_UNAVAILABLE", "the policy could not be reached"};
    case DecisionResult::kOverloaded:
      return {LogLevel::kWarning, "POLICY_OVERLOADED", "too many decisions are waiting"};
    case DecisionResult::kInvalidVerdict:
      return {LogLevel::kWarning, "VERDICT_INVALID", "the policy's verdict was refused"};
    case DecisionResult::kShutdown:
      return {LogLevel::kInfo, "DECISION_SHUTDOWN", "the broker stopped before a verdict came"};
    case DecisionResult::kWithdrawn:
      return {LogLevel::kInfo, "DECISION_WITHDRAWN", "the question became void before a verdict"};
  }
  return {LogLevel::kError, "DECISION_UNKNOWN", "a decision ended in an unknown way"};
}

// The second line, for clients that are in without a verdict; nullopt for all others.
std::optional<LineKind> ExceptionKindOf(AnswerBasis basis) {
  if (basis == AnswerBasis::kFailureMode) {
    return LineKind{ovpn::LogLevel::kWarning, "FAILURE_MODE_ALLOWED",
                    "failure_mode admitted the client without a verdict"};
  }
  if (basis == AnswerBasis::kKeptLast) {
    return LineKind{ovpn::LogLevel::kWarning, "SESSION_KEPT_LAST",
                    "keep_last kept the session without a fresh verdict"};
  }
  return std::nullopt;
}

// Of one line, all that there may be.
constexpr size_t kMaxFields = 20;

std::vector<ovpn::LogField> FieldsOf(const DecisionRecord& record) {
  const double latency_ms = std::chrono::duration<double, std::milli>(record.latency).count();
  // Not from a list in braces, which would copy every value once more.
  std::vector<ovpn::LogField> fields;
  fields.reserve(kMaxFields);
  fields.emplace_back("decision_id", record.id);
  fields.emplace_back("kind", ToString(record.kind));
  fields.emplace_back("key", ovpn::ToString(record.key));
  fields.emplace_back("session_uid", record.session_uid);
  fields.emplace_back("common_name", record.identity->common_name);
  fields.emplace_back("username", record.identity->username);
  fields.emplace_back("real_address", record.identity->real_address);
  fields.emplace_back("policy", record.policy);
  fields.emplace_back("attempts", record.attempts);
  fields.emplace_back("latency_ms", latency_ms);
  fields.emplace_back("basis", ToString(record.basis));
  const auto add_if_set = [&fields](absl::string_view name, absl::string_view value) {
    if (!value.empty()) fields.emplace_back(name, value);
  };
  if (record.steps > 0) fields.emplace_back("steps", record.steps);
  add_if_set("replica", record.replica);
  add_if_set("policy_revision", record.policy_revision);
  add_if_set("detail", record.detail);
  add_if_set("code", record.code);
  add_if_set("violations", ovpn::JoinViolations(record.violations));
  add_if_set("answer", record.answer);
  if (record.outcome.has_value()) fields.emplace_back("outcome", ToString(*record.outcome));
  add_if_set("outcome_detail", record.outcome_detail);
  return fields;
}

}  // namespace

void DecisionLog::OnDecisionRecord(const DecisionRecord& record) {
  LineKind line = LineKindOf(record.result);
  // An allow that OpenVPN did not apply as asked is worth a look.
  if (record.outcome == OutcomeResult::kMismatched) line.level = ovpn::LogLevel::kWarning;
  const std::optional<LineKind> exception = ExceptionKindOf(record.basis);
  if (!logger_.Enabled(line.level) && !exception.has_value()) return;

  const std::vector<ovpn::LogField> fields = FieldsOf(record);
  if (logger_.Enabled(line.level)) logger_.Write(line.level, line.id, line.message, fields);
  if (exception.has_value() && logger_.Enabled(exception->level)) {
    logger_.Write(exception->level, exception->id, exception->message, fields);
  }
}

}  // namespace ovpnbroker::policy
