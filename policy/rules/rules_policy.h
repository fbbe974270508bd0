// The embedded policy: judges by a RuleSet, at once and without any I/O. Owned by the broker; loop
// thread only.
#pragma once

#include <memory>
#include <string>

#include "policy/policy.h"
#include "policy/rules/rule_set.h"

namespace ovpnbroker::policy {

class RulesPolicy final : public Policy {
 public:
  // `rules` is never null.
  RulesPolicy(std::string name, std::shared_ptr<const RuleSet> rules);

  // Judges by other rules from the next Ask on: a reload that parsed without errors.
  void Replace(std::shared_ptr<const RuleSet> rules);
  const RuleSet& rules() const { return *rules_; }

  // The verdict alone, without the engine around it. A deny by no rule has code "no_rule".
  ovpn::Verdict Evaluate(const ovpn::AuthRequest& request) const;

  absl::string_view name() const override { return name_; }
  void Ask(const Inquiry& inquiry, ReplyCallback reply) override;
  void Cancel(const ovpn::DecisionId& /*decision_id*/, CancelReason /*reason*/) override {}
  void ReportOutcome(const ovpn::DecisionId& /*decision_id*/, const Outcome& /*outcome*/) override {
  }
  bool ready() const override { return true; }
  bool takes_dry_runs() const override { return true; }

 private:
  const std::string name_;
  std::shared_ptr<const RuleSet> rules_;
};

}  // namespace ovpnbroker::policy
