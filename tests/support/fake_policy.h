// A Policy that a test plays by hand: it keeps every question, and replies when the test says so or
// from inside Ask. Loop thread only, as any policy.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "policy/policy.h"

namespace ovpnbroker::test {

class FakePolicy final : public policy::Policy {
 public:
  struct Asked {
    ovpn::DecisionId decision_id;
    int attempt;
    ovpn::Duration timeout;
    bool dry_run;
    ReplyCallback reply;
  };
  struct Cancelled {
    ovpn::DecisionId decision_id;
    policy::CancelReason reason;
    bool operator==(const Cancelled&) const = default;
  };
  struct Reported {
    ovpn::DecisionId decision_id;
    policy::Outcome outcome;
  };
  using AskHook = std::function<void(const policy::Inquiry&, const ReplyCallback&)>;

  explicit FakePolicy(std::string name = "fake") : name_(std::move(name)) {}

  // Called from inside each Ask, after it was recorded.
  void OnAsk(AskHook hook) { hook_ = std::move(hook); }
  void set_ready(bool ready) { ready_ = ready; }
  void set_takes_dry_runs(bool takes) { takes_dry_runs_ = takes; }
  // Replies to the `index`th question; may be called again, as a broken policy would.
  void Reply(size_t index, ovpn::Verdict verdict) {
    // A copy: the reply may add a question.
    const ReplyCallback reply = asked_.at(index).reply;
    reply({std::move(verdict), "revision-1", "replica-1", {}});
  }

  const std::vector<Asked>& asked() const { return asked_; }
  const std::vector<Cancelled>& cancelled() const { return cancelled_; }
  const std::vector<Reported>& reported() const { return reported_; }
  // Outcomes alone, in order.
  std::vector<policy::OutcomeResult> Outcomes() const {
    std::vector<policy::OutcomeResult> results;
    for (const Reported& report : reported_) results.push_back(report.outcome.result);
    return results;
  }

  absl::string_view name() const override { return name_; }
  void Ask(const policy::Inquiry& inquiry, ReplyCallback reply) override {
    asked_.push_back(
        {inquiry.decision_id, inquiry.attempt, inquiry.timeout, inquiry.dry_run, reply});
    if (hook_ != nullptr) hook_(inquiry, reply);
  }
  void Cancel(const ovpn::DecisionId& decision_id, policy::CancelReason reason) override {
    cancelled_.push_back({decision_id, reason});
  }
  void ReportOutcome(const ovpn::DecisionId& decision_id, const policy::Outcome& outcome) override {
    reported_.push_back({decision_id, outcome});
  }
  bool ready() const override { return ready_; }
  bool takes_dry_runs() const override { return takes_dry_runs_; }

 private:
  const std::string name_;
  AskHook hook_;
  bool ready_ = true;
  bool takes_dry_runs_ = false;
  std::vector<Asked> asked_;
  std::vector<Cancelled> cancelled_;
  std::vector<Reported> reported_;
};

}  // namespace ovpnbroker::test
