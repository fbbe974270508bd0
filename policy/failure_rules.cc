#include "policy/failure_rules.h"

#include <string>
#include <utility>
#include <variant>

namespace ovpnbroker::policy {
namespace {

bool IsInfrastructureFailure(ovpn::FailureCause cause) {
  switch (cause) {
    case ovpn::FailureCause::kPolicyFailed:
    case ovpn::FailureCause::kTimeout:
    case ovpn::FailureCause::kUnavailable:
    case ovpn::FailureCause::kOverloaded:
      return true;
    case ovpn::FailureCause::kInvalidVerdict:
    case ovpn::FailureCause::kShutdown:
      return false;
  }
  return false;
}

bool KeepsLast(ovpn::AuthKind kind, std::optional<ovpn::Duration> last_allow_age,
               const FailureOptions& options) {
  return kind == ovpn::AuthKind::kReauth && options.keep_last_max_age.has_value() &&
         last_allow_age.has_value() && *last_allow_age < *options.keep_last_max_age;
}

}  // namespace

Ruling ApplyFailureRules(ovpn::AuthKind kind, const ovpn::Verdict& verdict,
                         std::optional<ovpn::Duration> last_allow_age,
                         const FailureOptions& options, bool may_admit) {
  const auto* failure = std::get_if<ovpn::Failure>(&verdict);
  if (failure == nullptr && !std::holds_alternative<ovpn::Abstain>(verdict)) {
    return {std::nullopt, AnswerBasis::kVerdict};
  }
  const bool stopping = failure != nullptr && failure->cause == ovpn::FailureCause::kShutdown;
  if (may_admit && !stopping && KeepsLast(kind, last_allow_age, options)) {
    return {ovpn::Allow{}, AnswerBasis::kKeptLast};
  }
  if (failure == nullptr) {
    return {ovpn::Deny{.reason = "ABSTAINED", .client_reason = "", .code = "", .retry = {}},
            AnswerBasis::kFailureRule};
  }
  if (may_admit && options.mode == FailureOptions::Mode::kAllow &&
      IsInfrastructureFailure(failure->cause)) {
    return {ovpn::Allow{}, AnswerBasis::kFailureMode};
  }
  return {RetryDeny(failure->cause, options), AnswerBasis::kFailureRule};
}

ovpn::Deny RetryDeny(ovpn::FailureCause cause, const FailureOptions& options) {
  return {.reason = std::string(ToString(cause)),
          .client_reason = options.client_reason,
          .code = "",
          .retry = ovpn::RetryHint{.backoff = options.retry_backoff, .advance = false}};
}

absl::string_view ToString(AnswerBasis basis) {
  switch (basis) {
    case AnswerBasis::kNone:
      return "NONE";
    case AnswerBasis::kVerdict:
      return "VERDICT";
    case AnswerBasis::kFailureRule:
      return "FAILURE_RULE";
    case AnswerBasis::kFailureMode:
      return "FAILURE_MODE";
    case AnswerBasis::kAdmission:
      return "ADMISSION";
    case AnswerBasis::kBan:
      return "BAN";
    case AnswerBasis::kKeptLast:
      return "KEPT_LAST";
  }
  return "UNKNOWN";
}

}  // namespace ovpnbroker::policy
