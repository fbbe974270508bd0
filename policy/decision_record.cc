#include "policy/decision_record.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "ovpn/base/append_decimal.h"

namespace ovpnbroker::policy {
namespace {

// Holds an address and a few counts.
constexpr size_t kUsualSummaryBytes = 63;

// `name` as " routes=".
void AppendCount(std::string& text, absl::string_view name, size_t count) {
  if (count == 0) return;
  text.append(name.data(), name.size());
  ovpn::AppendDecimal(count, text);
}

std::string SummarizeAllow(const ovpn::ClientConfig& config) {
  std::string text = "allow";
  text.reserve(kUsualSummaryBytes);
  if (config.ifconfig_push.has_value()) {
    text += " ifconfig_push=";
    config.ifconfig_push->local.AppendTo(text);
  }
  if (config.ifconfig_ipv6_push.has_value()) {
    text += " ifconfig_ipv6_push=";
    config.ifconfig_ipv6_push->local.AppendTo(text);
    absl::StrAppend(&text, "/", config.ifconfig_ipv6_push->prefix_length);
  }
  AppendCount(text, " routes=", config.routes.size());
  AppendCount(text, " iroutes=", config.iroutes.size());
  AppendCount(text, " dns=", config.dns.size());
  AppendCount(text, " search_domains=", config.search_domains.size());
  if (config.redirect_gateway.has_value()) absl::StrAppend(&text, " redirect_gateway");
  if (config.push_reset) absl::StrAppend(&text, " push_reset");
  AppendCount(text, " push_remove=", config.push_remove.size());
  AppendCount(text, " push_options=", config.push_options.size());
  AppendCount(text, " raw_directives=", config.raw_directives.size());
  return text;
}

std::string SummarizeDeny(const ovpn::Deny& deny) {
  std::string text = "deny";
  if (deny.retry.has_value()) {
    absl::StrAppend(&text, " retry=", deny.retry->backoff.count(), "s");
  }
  if (!deny.client_reason.empty()) {
    absl::StrAppend(&text, " client_reason=\"", absl::CHexEscape(deny.client_reason), "\"");
  }
  return text;
}

DecisionResult ResultOf(ovpn::FailureCause cause) {
  switch (cause) {
    case ovpn::FailureCause::kPolicyFailed:
      return DecisionResult::kPolicyFailed;
    case ovpn::FailureCause::kTimeout:
      return DecisionResult::kTimedOut;
    case ovpn::FailureCause::kUnavailable:
      return DecisionResult::kUnavailable;
    case ovpn::FailureCause::kOverloaded:
      return DecisionResult::kOverloaded;
    case ovpn::FailureCause::kInvalidVerdict:
      return DecisionResult::kInvalidVerdict;
    case ovpn::FailureCause::kShutdown:
      return DecisionResult::kShutdown;
  }
  return DecisionResult::kPolicyFailed;
}

}  // namespace

std::string SummarizeAnswer(const ovpn::Verdict& answer) {
  if (const auto* allow = std::get_if<ovpn::Allow>(&answer)) return SummarizeAllow(allow->config);
  if (const auto* deny = std::get_if<ovpn::Deny>(&answer)) return SummarizeDeny(*deny);
  return "";
}

DecisionResult ResultOf(const ovpn::Verdict& verdict) {
  if (const auto* failure = std::get_if<ovpn::Failure>(&verdict)) return ResultOf(failure->cause);
  if (std::holds_alternative<ovpn::Allow>(verdict)) return DecisionResult::kAllowed;
  if (std::holds_alternative<ovpn::Deny>(verdict)) return DecisionResult::kDenied;
  return DecisionResult::kAbstained;
}

absl::string_view ToString(DecisionResult result) {
  static constexpr absl::string_view kNames[] = {
      "ALLOWED",     "DENIED",     "BANNED",          "ABSTAINED", "POLICY_FAILED", "TIMEOUT",
      "UNAVAILABLE", "OVERLOADED", "INVALID_VERDICT", "SHUTDOWN",  "WITHDRAWN"};
  static_assert(std::size(kNames) == kDecisionResultCount);
  return kNames[static_cast<size_t>(result)];
}

absl::string_view ToString(OutcomeResult result) {
  switch (result) {
    case OutcomeResult::kWritten:
      return "WRITTEN";
    case OutcomeResult::kVerified:
      return "VERIFIED";
    case OutcomeResult::kMismatched:
      return "MISMATCHED";
    case OutcomeResult::kRejected:
      return "REJECTED";
    case OutcomeResult::kLate:
      return "LATE";
    case OutcomeResult::kNotEnforced:
      return "NOT_ENFORCED";
  }
  return "UNKNOWN";
}

absl::string_view ToString(CancelReason reason) {
  switch (reason) {
    case CancelReason::kClientGone:
      return "CLIENT_GONE";
    case CancelReason::kTimedOut:
      return "TIMED_OUT";
    case CancelReason::kSuperseded:
      return "SUPERSEDED";
    case CancelReason::kInstanceStopped:
      return "INSTANCE_STOPPED";
  }
  return "UNKNOWN";
}

}  // namespace ovpnbroker::policy
