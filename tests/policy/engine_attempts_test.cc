// Attempts, retries and deadlines.
#include "tests/policy/engine_fixture.h"

namespace ovpnbroker::policy {
namespace {

using ovpn::FailureCause;
using testing::ElementsAre;

TEST_F(EngineTest, SlowAttempt_IsAskedAgainWithWhatIsLeft) {
  Submit(Key(4, 1));
  EXPECT_EQ(engine_->NextDeadline(), clock_.Now() + 2s);
  Advance(2s);
  ASSERT_EQ(policy_->asked().size(), 2U);
  EXPECT_EQ(policy_->asked()[1].attempt, 2);
  EXPECT_EQ(policy_->asked()[1].timeout, 3s);
  EXPECT_EQ(engine_->Stats().retries, 1U);
  EXPECT_TRUE(answered_.empty());
}

TEST_F(EngineTest, FirstAttemptAnswersAfterTheSecondBegan_ItsVerdictCounts) {
  Submit(Key(4, 1));
  Advance(2s);
  policy_->Reply(0, AllowWithDns());
  EXPECT_EQ(OnlyAnswer(), AllowWithDns());
  policy_->Reply(1, DenyBecause("second"));
  EXPECT_EQ(answered_.size(), 1U);
  EXPECT_THAT(policy_->Outcomes(), ElementsAre(OutcomeResult::kLate));
  EXPECT_EQ(engine_->Stats().late_replies, 1U);
}

TEST_F(EngineTest, AllAttemptsSilent_TimesOut) {
  Submit(Key(4, 1));
  Advance(2s);
  Advance(2s);
  Advance(1s);
  EXPECT_EQ(policy_->asked().size(), 3U);
  EXPECT_TRUE(IsRetryDeny(OnlyAnswer(), FailureCause::kTimeout));
  EXPECT_THAT(policy_->cancelled(),
              ElementsAre(test::FakePolicy::Cancelled{"decision-4-1", CancelReason::kTimedOut}));
  EXPECT_EQ(Total(DecisionResult::kTimedOut), 1U);
}

TEST_F(EngineTest, NoBudgetForAnotherAttempt_WaitsForTheDeadline) {
  options_.decision_timeout = 2400ms;
  Submit(Key(4, 1));
  Advance(2s);
  EXPECT_EQ(policy_->asked().size(), 1U);
  EXPECT_EQ(engine_->NextDeadline(), clock_.Now() + 400ms);
  policy_->Reply(0, AllowWithDns());
  EXPECT_EQ(OnlyAnswer(), AllowWithDns());
}

TEST_F(EngineTest, NobodyReadyForAnotherAttempt_LooksAgainLater) {
  Submit(Key(4, 1));
  policy_->set_ready(false);
  Advance(2s);
  EXPECT_EQ(policy_->asked().size(), 1U);
  policy_->set_ready(true);
  Advance(2s);
  EXPECT_EQ(policy_->asked().size(), 2U);
}

TEST_F(EngineTest, StreamDied_AsksAgainAtOnce) {
  Submit(Key(4, 1));
  policy_->Reply(0, Fail(FailureCause::kUnavailable));
  ASSERT_EQ(policy_->asked().size(), 2U);
  policy_->Reply(1, AllowWithDns());
  EXPECT_EQ(OnlyAnswer(), AllowWithDns());
}

TEST_F(EngineTest, StreamDiedAndNobodyIsReady_DeniesAtOnce) {
  Submit(Key(4, 1));
  policy_->set_ready(false);
  policy_->Reply(0, Fail(FailureCause::kUnavailable));
  EXPECT_EQ(policy_->asked().size(), 1U);
  EXPECT_TRUE(IsRetryDeny(OnlyAnswer(), FailureCause::kUnavailable));
}

TEST_F(EngineTest, StreamDiedWithoutBudget_DeniesAtOnce) {
  Submit(Key(4, 1));
  clock_.Advance(4600ms);
  policy_->Reply(0, Fail(FailureCause::kUnavailable));
  EXPECT_EQ(policy_->asked().size(), 1U);
  EXPECT_TRUE(IsRetryDeny(OnlyAnswer(), FailureCause::kUnavailable));
}

TEST_F(EngineTest, RefusedFromInsideEveryAsk_StopsAtMaxAttempts) {
  policy_->OnAsk([](const Inquiry&, const Policy::ReplyCallback& reply) {
    reply({Fail(FailureCause::kUnavailable), "", "", {}});
  });
  Submit(Key(4, 1));
  EXPECT_EQ(policy_->asked().size(), 3U);
  EXPECT_TRUE(IsRetryDeny(OnlyAnswer(), FailureCause::kUnavailable));
}

TEST_F(EngineTest, SecondAttemptFails_TheFirstMayStillAnswer) {
  Submit(Key(4, 1));
  Advance(2s);
  policy_->Reply(1, Fail(FailureCause::kUnavailable));
  EXPECT_TRUE(answered_.empty());
  policy_->Reply(0, AllowWithDns());
  EXPECT_EQ(OnlyAnswer(), AllowWithDns());
}

TEST_F(EngineTest, SecondAttemptFailsFromInsideAsk_TheDeadlineStillCounts) {
  Submit(Key(4, 1));
  policy_->OnAsk([](const Inquiry&, const Policy::ReplyCallback& reply) {
    reply({Fail(FailureCause::kPolicyFailed), "", "", {}});
  });
  Advance(2s);
  EXPECT_TRUE(answered_.empty());
  Advance(3s);
  EXPECT_TRUE(IsRetryDeny(OnlyAnswer(), FailureCause::kTimeout));
}

TEST_F(EngineTest, BothAttemptsFail_DeniesWithTheLastCause) {
  Submit(Key(4, 1));
  Advance(2s);
  policy_->Reply(0, Fail(FailureCause::kPolicyFailed));
  EXPECT_TRUE(answered_.empty());
  policy_->Reply(1, Fail(FailureCause::kOverloaded));
  EXPECT_TRUE(IsRetryDeny(OnlyAnswer(), FailureCause::kOverloaded));
}

TEST_F(EngineTest, DecisionsOfDifferentInstances_KeepTheirOwnDeadlines) {
  options_.decision_timeout = 1s;
  Submit(Key(1, 1, "short"));
  options_.decision_timeout = 5s;
  Submit(Key(1, 1, "long"));
  Advance(1s);
  ASSERT_EQ(answered_.size(), 1U);
  EXPECT_EQ(answered_[0].key.client.instance, "short");
  EXPECT_EQ(engine_->Stats().open, 1U);
}

TEST_F(EngineTest, Attempts_AreInTheRecordWithTheirTimes) {
  Submit(Key(1, 1));
  Advance(options_.attempt_timeout);
  ASSERT_EQ(policy_->asked().size(), 2U);
  policy_->Reply(1, ovpn::Deny{"no", "", ""});
  engine_->OnAnswerOutcome(Key(1, 1), OutcomeResult::kWritten, "succeeded");
  ASSERT_EQ(keeper_.records.size(), 1U);
  const std::vector<AttemptRecord>& attempts = keeper_.records[0].attempt_list;
  ASSERT_EQ(attempts.size(), 2U);
  EXPECT_FALSE(attempts[0].end.has_value());
  EXPECT_EQ(attempts[1].begin, options_.attempt_timeout);
  EXPECT_EQ(attempts[1].replica, "replica-1");
  EXPECT_EQ(attempts[1].result, "DENY");
  ASSERT_EQ(keeper_.records[0].replies.size(), 1U);
  EXPECT_EQ(keeper_.records[0].replies[0].text, "succeeded");
}

}  // namespace
}  // namespace ovpnbroker::policy
