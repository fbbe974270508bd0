#include "policy/stream/verdict_codec.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "policy/stream/client_config_codec.h"
#include "policy/stream/status_codec.h"

namespace ovpnbroker::policy {
namespace {

constexpr int64_t kMaxRetryBackoffSeconds = 86400;
constexpr int64_t kMaxSessionSeconds = 31536000;  // a year
constexpr int64_t kMaxStepTimeoutSeconds = 86400;

ovpn::Verdict Invalid(absl::string_view detail, std::vector<ovpn::FieldViolation> violations) {
  return ovpn::Failure{ovpn::FailureCause::kInvalidVerdict, std::string(detail),
                       std::move(violations)};
}

ovpn::SessionLimits LimitsFromProto(const v1::SessionLimits& message,
                                    std::vector<ovpn::FieldViolation>& violations) {
  ovpn::SessionLimits limits;
  limits.max_sessions = message.max_sessions();
  if (message.has_max_duration()) {
    const google::protobuf::Duration& duration = message.max_duration();
    if (duration.nanos() != 0 || duration.seconds() < 1 ||
        duration.seconds() > kMaxSessionSeconds) {
      violations.push_back(
          {"allow.limits.max_duration", "must be whole seconds from 1 to 31536000"});
    }
    limits.max_duration = std::chrono::seconds(duration.seconds());
  }
  switch (message.excess()) {
    case v1::SessionLimits::EXCESS_UNSPECIFIED:
    case v1::SessionLimits::EXCESS_DENY_NEW:
      break;
    case v1::SessionLimits::EXCESS_END_OLDEST:
      limits.excess = ovpn::SessionLimits::Excess::kEndOldest;
      break;
    default:
      violations.push_back({"allow.limits.excess", "is not a value that this broker knows"});
  }
  return limits;
}

ovpn::Verdict AllowFromProto(const v1::Allow& allow, const StreamTerms& terms) {
  std::vector<ovpn::FieldViolation> violations;
  ovpn::ClientConfig config =
      ClientConfigFromProto(allow.config(), "allow.config", terms.raw_directives, violations);
  ovpn::SessionLimits limits = LimitsFromProto(allow.limits(), violations);
  if (!violations.empty()) {
    const std::string detail =
        absl::StrCat(violations.front().field, ": ", violations.front().description);
    return Invalid(detail, std::move(violations));
  }
  return ovpn::Allow{std::move(config), limits};
}

ovpn::Verdict DenyFromProto(const v1::Deny& deny) {
  ovpn::Deny verdict{deny.reason(), deny.client_reason(), deny.code(), std::nullopt};
  if (deny.has_challenge()) {
    const v1::DynamicChallenge& challenge = deny.challenge();
    verdict.challenge = ovpn::DynamicChallenge{challenge.state_id(), challenge.text(),
                                               challenge.echo(), !challenge.response_optional()};
  }
  if (deny.has_retry()) {
    verdict.retry.emplace();
    verdict.retry->advance = deny.retry().advance();
    if (deny.retry().has_backoff()) {
      const google::protobuf::Duration& backoff = deny.retry().backoff();
      if (backoff.nanos() != 0 || backoff.seconds() < 0 ||
          backoff.seconds() > kMaxRetryBackoffSeconds) {
        return Invalid("deny.retry.backoff is out of range",
                       {{"deny.retry.backoff", "must be whole seconds from 0 to 86400"}});
      }
      verdict.retry->backoff = std::chrono::seconds(backoff.seconds());
    }
  }
  return verdict;
}

// The text is checked where it is written (ovpn/management), which knows the client too.
ovpn::Verdict PendingAuthFromProto(const v1::PendingAuth& step, const StreamTerms& terms) {
  if (!terms.pending_auth) {
    return Invalid(absl::StrCat(kCapabilityNotEnabled, ": pending_auth"),
                   {{"pending_auth", absl::StrCat(kCapabilityNotEnabled,
                                                  ": needs CAPABILITY_PENDING_AUTH in HelloAck")}});
  }
  if (step.method_case() == v1::PendingAuth::METHOD_NOT_SET) {
    return Invalid("pending_auth has no method",
                   {{"pending_auth", "web_auth_url or challenge_text must be set"}});
  }
  const google::protobuf::Duration& timeout = step.timeout();
  if (timeout.nanos() != 0 || timeout.seconds() < 0 || timeout.seconds() > kMaxStepTimeoutSeconds) {
    return Invalid("pending_auth.timeout is out of range",
                   {{"pending_auth.timeout",
                     absl::StrCat("must be whole seconds from 0 to ", kMaxStepTimeoutSeconds)}});
  }
  ovpn::PendingAuth verdict;
  const bool is_page = step.method_case() == v1::PendingAuth::kWebAuthUrl;
  verdict.method =
      is_page ? ovpn::PendingAuth::Method::kWebAuth : ovpn::PendingAuth::Method::kChallenge;
  verdict.text = is_page ? step.web_auth_url() : step.challenge_text();
  verdict.flags.assign(step.flags().begin(), step.flags().end());
  verdict.echo = step.echo();
  verdict.timeout = std::chrono::seconds(timeout.seconds());
  return verdict;
}

}  // namespace

ovpn::Verdict VerdictFromProto(const v1::Decision& decision, const StreamTerms& terms) {
  switch (decision.verdict_case()) {
    case v1::Decision::kAllow:
      return AllowFromProto(decision.allow(), terms);
    case v1::Decision::kDeny:
      return DenyFromProto(decision.deny());
    case v1::Decision::kAbstain:
      return ovpn::Abstain{};
    case v1::Decision::kFailure:
      return ovpn::Failure{
          ovpn::FailureCause::kPolicyFailed, decision.failure().status().message(), {}};
    case v1::Decision::kPendingAuth:
      return PendingAuthFromProto(decision.pending_auth(), terms);
    case v1::Decision::VERDICT_NOT_SET:
      break;
  }
  return Invalid("the decision has no verdict",
                 {{"verdict", "one of allow, deny, abstain or failure must be set"}});
}

std::vector<std::pair<std::string, std::string>> AnnotationsFromProto(
    const v1::Decision& decision) {
  std::vector<std::pair<std::string, std::string>> annotations;
  annotations.reserve(decision.audit_annotations().size());
  for (const auto& [name, value] : decision.audit_annotations()) {
    annotations.emplace_back(name.substr(0, StreamLimits::kMaxAnnotationNameBytes),
                             value.substr(0, StreamLimits::kMaxAnnotationValueBytes));
  }
  std::sort(annotations.begin(), annotations.end());
  if (annotations.size() > StreamLimits::kMaxAuditAnnotations) {
    annotations.resize(StreamLimits::kMaxAuditAnnotations);
  }
  return annotations;
}

}  // namespace ovpnbroker::policy
