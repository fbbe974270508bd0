// A gate of the broker's own that denies before any policy is asked: it stands in for the policy of
// a decision, so that such a denial is recorded as every other. Its name is in parentheses, which
// no policy of the configuration can have. Loop thread only.
#pragma once

#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "policy/policy.h"

namespace ovpnbroker::policy {

// Not a policy that an operator wrote: its verdicts are compared with nobody's.
inline bool IsGate(absl::string_view policy) { return !policy.empty() && policy.front() == '('; }

class GatePolicy final : public Policy {
 public:
  // `name` without the parentheses.
  GatePolicy(absl::string_view name, ovpn::Deny deny)
      : name_("(" + std::string(name) + ")"), deny_(std::move(deny)) {}

  absl::string_view name() const override { return name_; }
  void Ask(const Inquiry& /*inquiry*/, ReplyCallback reply) override { reply({deny_, "", "", {}}); }
  void Cancel(const ovpn::DecisionId& /*decision_id*/, CancelReason /*reason*/) override {}
  void ReportOutcome(const ovpn::DecisionId& /*decision_id*/, const Outcome& /*outcome*/) override {
  }
  bool ready() const override { return true; }

 private:
  const std::string name_;
  const ovpn::Deny deny_;
};

}  // namespace ovpnbroker::policy
