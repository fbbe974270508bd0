// What the engine does with verdicts, failures and limits when nothing races.
#include "policy/engine.h"

#include "tests/policy/engine_fixture.h"

namespace ovpnbroker::policy {
namespace {

using ovpn::FailureCause;
using testing::ElementsAre;

TEST_F(EngineTest, Submit_AsksThePolicyOnce) {
  Submit(Key(4, 1));
  ASSERT_EQ(policy_->asked().size(), 1U);
  EXPECT_EQ(policy_->asked()[0].decision_id, "decision-4-1");
  EXPECT_EQ(policy_->asked()[0].attempt, 1);
  EXPECT_EQ(policy_->asked()[0].timeout, options_.decision_timeout);
  EXPECT_TRUE(answered_.empty());
  EXPECT_EQ(engine_->Stats().open, 1U);
}

TEST_F(EngineTest, Allow_IsGivenAsItIs) {
  Submit(Key(4, 1));
  policy_->Reply(0, AllowWithDns());
  EXPECT_EQ(OnlyAnswer(), AllowWithDns());
  EXPECT_EQ(engine_->Stats().open, 0U);
  EXPECT_EQ(Total(DecisionResult::kAllowed), 1U);
}

TEST_F(EngineTest, Deny_IsGivenWithThePolicysReason) {
  Submit(Key(4, 1));
  policy_->Reply(0, DenyBecause("device unknown"));
  EXPECT_EQ(OnlyAnswer(), DenyBecause("device unknown"));
  EXPECT_EQ(Total(DecisionResult::kDenied), 1U);
}

TEST_F(EngineTest, Abstain_IsAPlainDeny) {
  Submit(Key(4, 1));
  policy_->Reply(0, ovpn::Abstain{});
  EXPECT_EQ(std::get<ovpn::Deny>(OnlyAnswer()).client_reason, "");
  EXPECT_EQ(Total(DecisionResult::kAbstained), 1U);
}

TEST_F(EngineTest, PolicyFailed_DeniesWithoutARetry) {
  Submit(Key(4, 1));
  policy_->Reply(0, Fail(FailureCause::kPolicyFailed));
  EXPECT_TRUE(IsRetryDeny(OnlyAnswer(), FailureCause::kPolicyFailed));
  EXPECT_EQ(policy_->asked().size(), 1U);
  EXPECT_EQ(Total(DecisionResult::kPolicyFailed), 1U);
}

TEST_F(EngineTest, NobodyReady_DeniesAtOnce) {
  policy_->set_ready(false);
  Submit(Key(4, 1));
  EXPECT_TRUE(policy_->asked().empty());
  EXPECT_TRUE(IsRetryDeny(OnlyAnswer(), FailureCause::kUnavailable));
  EXPECT_EQ(Total(DecisionResult::kUnavailable), 1U);
}

TEST_F(EngineTest, NoPolicyAtAll_DeniesAtOnce) {
  engine_->Submit(MakeDecision(Key(4, 1)), nullptr);
  EXPECT_TRUE(IsRetryDeny(OnlyAnswer(), FailureCause::kUnavailable));
}

TEST_F(EngineTest, TooManyOpen_DeniesAsOverloaded) {
  MakeEngine({.max_open_decisions = 2});
  Submit(Key(1, 1));
  Submit(Key(2, 1));
  Submit(Key(3, 1));
  EXPECT_TRUE(IsRetryDeny(OnlyAnswer(), FailureCause::kOverloaded));
  EXPECT_EQ(answered_[0].key, Key(3, 1));
  EXPECT_EQ(Total(DecisionResult::kOverloaded), 1U);
}

TEST_F(EngineTest, Full_StillTakesANewerKeyOfAnOpenClient) {
  MakeEngine({.max_open_decisions = 1});
  Submit(Key(1, 1));
  Submit(Key(1, 2));
  EXPECT_TRUE(answered_.empty());
  EXPECT_EQ(policy_->asked().size(), 2U);
}

TEST_F(EngineTest, RejectedVerdict_IsReportedAndDenied) {
  const std::vector<ovpn::FieldViolation> violations = {{"allow.config.dns[0]", "not wanted"}};
  answer_hook_ = [&](const ovpn::KeyRef&, const ovpn::Verdict& answer) {
    return std::holds_alternative<ovpn::Allow>(answer) ? AnswerResult::Rejected(violations)
                                                       : AnswerResult::Queued();
  };
  Submit(Key(4, 1));
  policy_->Reply(0, AllowWithDns());

  ASSERT_EQ(answered_.size(), 2U);
  EXPECT_TRUE(IsRetryDeny(answered_[1].answer, FailureCause::kInvalidVerdict));
  ASSERT_THAT(policy_->Outcomes(), ElementsAre(OutcomeResult::kRejected));
  EXPECT_EQ(policy_->reported()[0].outcome.violations, violations);
  EXPECT_EQ(Total(DecisionResult::kInvalidVerdict), 1U);
  EXPECT_EQ(Total(DecisionResult::kAllowed), 0U);

  engine_->OnAnswerOutcome(Key(4, 1), OutcomeResult::kWritten, "");
  EXPECT_EQ(policy_->reported().size(), 1U) << "the deny that was written is not the policy's";
  ASSERT_EQ(keeper_.records.size(), 1U);
  EXPECT_EQ(keeper_.records[0].result, DecisionResult::kInvalidVerdict);
  EXPECT_EQ(keeper_.records[0].violations, violations);
}

TEST_F(EngineTest, EveryAnswerRejected_TriesAPlainDenyAndGivesUp) {
  answer_hook_ = [](const ovpn::KeyRef&, const ovpn::Verdict&) {
    return AnswerResult::Rejected({{"", "no"}});
  };
  Submit(Key(4, 1));
  policy_->Reply(0, AllowWithDns());
  ASSERT_GE(answered_.size(), 3U);
  EXPECT_EQ(answered_[2].answer, ovpn::Verdict(ovpn::Deny{}));
  ASSERT_EQ(keeper_.records.size(), 1U);
  EXPECT_EQ(keeper_.records[0].outcome, OutcomeResult::kNotEnforced);
}

TEST_F(EngineTest, FailureModeAllow_AdmitsAndCounts) {
  options_.failure.mode = FailureOptions::Mode::kAllow;
  policy_->set_ready(false);
  Submit(Key(4, 1));
  EXPECT_EQ(OnlyAnswer(), ovpn::Verdict(ovpn::Allow{}));
  EXPECT_EQ(engine_->Stats().failure_mode_allowed, 1U);
  EXPECT_EQ(Total(DecisionResult::kUnavailable), 1U);
  EXPECT_EQ(Total(DecisionResult::kAllowed), 0U);
}

TEST_F(EngineTest, Shutdown_DeniesWhatIsOpenAndWhatComesLater) {
  options_.failure.mode = FailureOptions::Mode::kAllow;
  Submit(Key(1, 1));
  Submit(Key(2, 1));
  engine_->Shutdown();
  engine_->Shutdown();
  Submit(Key(3, 1));
  ASSERT_EQ(answered_.size(), 3U);
  for (const Answered& answered : answered_) {
    EXPECT_TRUE(IsRetryDeny(answered.answer, FailureCause::kShutdown));
  }
  EXPECT_EQ(policy_->cancelled().size(), 2U);
  EXPECT_EQ(policy_->cancelled()[0].reason, CancelReason::kInstanceStopped);
}

TEST_F(EngineTest, Destroyed_DeniesAndLeavesEveryRecord) {
  Submit(Key(1, 1));
  Submit(Key(2, 1));
  policy_->Reply(1, AllowWithDns());
  engine_.reset();
  EXPECT_EQ(answered_.size(), 2U);
  EXPECT_EQ(keeper_.records.size(), 2U);
}

TEST_F(EngineTest, Latency_IsCountedInItsBucket) {
  Submit(Key(1, 1));
  Advance(3ms);
  policy_->Reply(0, AllowWithDns());
  const LatencyHistogram& latency = engine_->Stats().latency;
  EXPECT_EQ(latency.count(), 1U);
  EXPECT_EQ(latency.sum(), 3ms);
  EXPECT_EQ(latency.buckets()[3], 1U) << "over 1 ms, up to 5 ms";
}

}  // namespace
}  // namespace ovpnbroker::policy
