// An engine on a clock that tests move, with one scripted policy and every answer and record kept.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "policy/engine.h"
#include "tests/support/auth_request_builder.h"
#include "tests/support/fake_policy.h"
#include "tests/support/manual_clock.h"

namespace ovpnbroker::policy {

using test::Key;
using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): durations in tests

class RecordKeeper final : public DecisionObserver {
 public:
  void OnDecisionRecord(const DecisionRecord& record) override { records.push_back(record); }
  std::vector<DecisionRecord> records;
};

class EngineTest : public testing::Test {
 protected:
  struct Answered {
    ovpn::KeyRef key;
    ovpn::Verdict answer;
  };
  // What the instance makes of an answer; the default takes it.
  using AnswerHook = std::function<AnswerResult(const ovpn::KeyRef&, const ovpn::Verdict&)>;

  EngineTest() { MakeEngine({}); }

  void MakeEngine(const EngineLimits& limits) {
    engine_ =
        std::make_unique<DecisionEngine>(clock_, limits, std::vector<DecisionObserver*>{&keeper_});
  }

  // Its id is "decision-CID-KID".
  Decision MakeDecision(const ovpn::KeyRef& key, ovpn::AuthKind kind = ovpn::AuthKind::kConnect) {
    return Decision(DecisionIdOf(key), test::MakeAuthRequest(key, kind),
                    std::make_shared<const EngineOptions>(options_),
                    [this, key](const ovpn::Verdict& answer) {
                      answered_.push_back({key, answer});
                      return answer_hook_ ? answer_hook_(key, answer) : AnswerResult::Queued();
                    });
  }
  void Submit(const ovpn::KeyRef& key, ovpn::AuthKind kind = ovpn::AuthKind::kConnect) {
    engine_->Submit(MakeDecision(key, kind), policy_);
  }
  static ovpn::DecisionId DecisionIdOf(const ovpn::KeyRef& key) {
    return absl::StrCat("decision-", key.client.cid.value, "-", key.kid.value);
  }
  void Advance(ovpn::Duration by) {
    clock_.Advance(by);
    engine_->OnDeadline();
  }

  // Failure with this cause, as a policy says it.
  static ovpn::Verdict Fail(ovpn::FailureCause cause) { return ovpn::Failure{cause, "", {}}; }
  static ovpn::Verdict DenyBecause(std::string client_reason) {
    return ovpn::Deny{"operator's reason", std::move(client_reason), "CODE", {}};
  }
  static ovpn::Verdict AllowWithDns() {
    ovpn::Allow allow;
    allow.config.dns.push_back(*ovpn::IpAddress::Parse("10.8.0.1"));
    return allow;
  }
  // The only answer so far; fails the test when there is not exactly one.
  const ovpn::Verdict& OnlyAnswer() {
    EXPECT_EQ(answered_.size(), 1U);
    return answered_.at(0).answer;
  }
  // True for the deny of the failure rules for `cause`.
  bool IsRetryDeny(const ovpn::Verdict& answer, ovpn::FailureCause cause) const {
    return answer == ovpn::Verdict(RetryDeny(cause, options_.failure));
  }
  uint64_t Total(DecisionResult result) const { return engine_->Stats().Total(result); }

  test::ManualClock clock_;
  EngineOptions options_;
  AnswerHook answer_hook_;
  std::vector<Answered> answered_;
  RecordKeeper keeper_;
  std::shared_ptr<test::FakePolicy> policy_ = std::make_shared<test::FakePolicy>();
  std::unique_ptr<DecisionEngine> engine_;
};

}  // namespace ovpnbroker::policy
