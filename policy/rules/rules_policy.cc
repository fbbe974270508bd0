#include "policy/rules/rules_policy.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace ovpnbroker::policy {
namespace {

constexpr absl::string_view kNoRuleCode = "no_rule";

ovpn::Verdict VerdictOf(const Rule* rule) {
  if (rule == nullptr) {
    return ovpn::Deny{.reason = "no rule matches",
                      .client_reason = "",
                      .code = std::string(kNoRuleCode),
                      .retry = {}};
  }
  return std::visit([](const auto& effect) -> ovpn::Verdict { return effect; }, rule->effect);
}

}  // namespace

RulesPolicy::RulesPolicy(std::string name, std::shared_ptr<const RuleSet> rules)
    : name_(std::move(name)), rules_(std::move(rules)) {}

void RulesPolicy::Replace(std::shared_ptr<const RuleSet> rules) { rules_ = std::move(rules); }

ovpn::Verdict RulesPolicy::Evaluate(const ovpn::AuthRequest& request) const {
  return VerdictOf(rules_->Match(request));
}

void RulesPolicy::Ask(const Inquiry& inquiry, ReplyCallback reply) {
  const Rule* const rule = rules_->Match(inquiry.request);
  PolicyReply answer{.verdict = VerdictOf(rule),
                     .policy_revision = rules_->revision(),
                     .replica = "",
                     .audit_annotations = {},
                     .password_access = PasswordAccess::kRules};
  if (rule != nullptr) answer.audit_annotations.emplace_back("rule", rule->name);
  reply(std::move(answer));
}

}  // namespace ovpnbroker::policy
