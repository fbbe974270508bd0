// Calls that cross: replies that come late, twice or from inside Ask; withdrawals; a policy that
// throws.
#include <stdexcept>

#include "tests/policy/engine_fixture.h"

namespace ovpnbroker::policy {
namespace {

using ovpn::FailureCause;
using testing::ElementsAre;

TEST_F(EngineTest, ReplyFromInsideAsk_Counts) {
  policy_->OnAsk([](const Inquiry&, const Policy::ReplyCallback& reply) {
    reply({AllowWithDns(), "", "", {}});
  });
  Submit(Key(4, 1));
  EXPECT_EQ(OnlyAnswer(), AllowWithDns());
}

TEST_F(EngineTest, RequestAfterAReplyFromInsideAsk_IsStillThere) {
  std::string seen;
  policy_->OnAsk([&](const Inquiry& inquiry, const Policy::ReplyCallback& reply) {
    reply({AllowWithDns(), "", "", {}});
    seen = inquiry.request.session.uid + inquiry.decision_id;
  });
  Submit(Key(4, 1));
  EXPECT_EQ(seen, "session-4decision-4-1");
}

TEST_F(EngineTest, TwoRepliesFromInsideAsk_TheFirstCounts) {
  policy_->OnAsk([](const Inquiry&, const Policy::ReplyCallback& reply) {
    reply({DenyBecause("first"), "", "", {}});
    reply({AllowWithDns(), "", "", {}});
  });
  Submit(Key(4, 1));
  EXPECT_EQ(OnlyAnswer(), DenyBecause("first"));
  EXPECT_EQ(engine_->Stats().late_replies, 1U);
}

TEST_F(EngineTest, SecondReply_IsLate) {
  Submit(Key(4, 1));
  policy_->Reply(0, DenyBecause("first"));
  policy_->Reply(0, AllowWithDns());
  EXPECT_EQ(OnlyAnswer(), DenyBecause("first"));
  EXPECT_THAT(policy_->Outcomes(), ElementsAre(OutcomeResult::kLate));
}

TEST_F(EngineTest, SecondReplyToAnAttemptThatFailed_IsLate) {
  Submit(Key(4, 1));
  policy_->Reply(0, Fail(FailureCause::kUnavailable));
  policy_->Reply(0, AllowWithDns());
  EXPECT_TRUE(answered_.empty()) << "attempt 2 is open";
  EXPECT_THAT(policy_->Outcomes(), ElementsAre(OutcomeResult::kLate));
}

TEST_F(EngineTest, SecondReplyFromInsideTheAnswer_IsLate) {
  answer_hook_ = [this](const ovpn::KeyRef&, const ovpn::Verdict&) {
    policy_->Reply(0, AllowWithDns());
    return AnswerResult::Queued();
  };
  Submit(Key(4, 1));
  policy_->Reply(0, DenyBecause("first"));
  EXPECT_EQ(OnlyAnswer(), DenyBecause("first"));
  EXPECT_EQ(engine_->Stats().late_replies, 1U);
}

TEST_F(EngineTest, ReplyAfterTheDeadline_IsLate) {
  Submit(Key(4, 1));
  Advance(5s);
  policy_->Reply(0, AllowWithDns());
  EXPECT_TRUE(IsRetryDeny(OnlyAnswer(), FailureCause::kTimeout));
  EXPECT_THAT(policy_->Outcomes(), ElementsAre(OutcomeResult::kLate));
}

TEST_F(EngineTest, ReplyInTheTickOfTheDeadline_CountsWhenItComesFirst) {
  Submit(Key(4, 1));
  clock_.Advance(5s);
  policy_->Reply(0, AllowWithDns());
  engine_->OnDeadline();
  EXPECT_EQ(OnlyAnswer(), AllowWithDns());
  EXPECT_EQ(Total(DecisionResult::kTimedOut), 0U);
}

TEST_F(EngineTest, Withdrawn_IsCancelledAndNotAnswered) {
  Submit(Key(4, 1));
  engine_->Withdraw(Key(4, 1), CancelReason::kClientGone);
  engine_->Withdraw(Key(4, 1), CancelReason::kClientGone);
  EXPECT_THAT(policy_->cancelled(),
              ElementsAre(test::FakePolicy::Cancelled{"decision-4-1", CancelReason::kClientGone}));
  policy_->Reply(0, AllowWithDns());
  Advance(10s);
  EXPECT_TRUE(answered_.empty());
  ASSERT_EQ(keeper_.records.size(), 1U);
  EXPECT_EQ(keeper_.records[0].result, DecisionResult::kWithdrawn);
  EXPECT_EQ(keeper_.records[0].detail, "CLIENT_GONE");
}

TEST_F(EngineTest, WithdrawnFromInsideAsk_IsClosedForGood) {
  policy_->OnAsk([this](const Inquiry& inquiry, const Policy::ReplyCallback& reply) {
    engine_->Withdraw(Key(4, 1), CancelReason::kClientGone);
    reply({AllowWithDns(), "", "", {}});
    EXPECT_EQ(inquiry.request.key, Key(4, 1));
  });
  Submit(Key(4, 1));
  EXPECT_TRUE(answered_.empty());
  ASSERT_FALSE(policy_->cancelled().empty());
  EXPECT_EQ(policy_->cancelled().back().reason, CancelReason::kClientGone);
  EXPECT_EQ(engine_->Stats().open, 0U);
}

TEST_F(EngineTest, ReplyThenWithdrawnFromInsideAsk_TheReplyIsLate) {
  policy_->OnAsk([this](const Inquiry&, const Policy::ReplyCallback& reply) {
    reply({AllowWithDns(), "", "", {}});
    engine_->Withdraw(Key(4, 1), CancelReason::kClientGone);
  });
  Submit(Key(4, 1));
  EXPECT_TRUE(answered_.empty());
  EXPECT_EQ(engine_->Stats().late_replies, 1U);
}

TEST_F(EngineTest, WithdrawnUnknownOrAnsweredKey_IsIgnored) {
  engine_->Withdraw(Key(9, 9), CancelReason::kClientGone);
  Submit(Key(4, 1));
  policy_->Reply(0, AllowWithDns());
  engine_->Withdraw(Key(4, 1), CancelReason::kClientGone);
  EXPECT_EQ(Total(DecisionResult::kWithdrawn), 0U);
}

TEST_F(EngineTest, NewerKeyOfTheSameClient_Supersedes) {
  Submit(Key(4, 1));
  Submit(Key(4, 2), ovpn::AuthKind::kReauth);
  EXPECT_THAT(policy_->cancelled(),
              ElementsAre(test::FakePolicy::Cancelled{"decision-4-1", CancelReason::kSuperseded}));
  policy_->Reply(0, AllowWithDns());
  EXPECT_TRUE(answered_.empty());
  policy_->Reply(1, DenyBecause("new"));
  ASSERT_EQ(answered_.size(), 1U);
  EXPECT_EQ(answered_[0].key, Key(4, 2));
}

TEST_F(EngineTest, SameCidOfALaterEpoch_IsAnotherClient) {
  ovpn::KeyRef later = Key(4, 1);
  later.client.epoch = ovpn::Epoch{2};
  Submit(Key(4, 1));
  Submit(later);
  EXPECT_EQ(engine_->Stats().open, 2U);
  engine_->Withdraw(Key(4, 1), CancelReason::kInstanceStopped);
  EXPECT_EQ(engine_->Stats().open, 1U);
}

TEST_F(EngineTest, PolicyThrows_IsAFailure) {
  policy_->OnAsk([](const Inquiry&, const Policy::ReplyCallback& reply) {
    reply({AllowWithDns(), "", "", {}});
    throw std::runtime_error("broken");
  });
  Submit(Key(4, 1));
  EXPECT_TRUE(IsRetryDeny(OnlyAnswer(), FailureCause::kPolicyFailed));
  policy_->Reply(0, AllowWithDns());
  EXPECT_EQ(answered_.size(), 1U);
}

TEST_F(EngineTest, ReplyAfterTheEngineIsGone_IsNothing) {
  Submit(Key(4, 1));
  engine_.reset();
  policy_->Reply(0, AllowWithDns());
  EXPECT_TRUE(IsRetryDeny(OnlyAnswer(), FailureCause::kShutdown));
}

TEST_F(EngineTest, ShutdownFromInsideAsk_Denies) {
  policy_->OnAsk([this](const Inquiry&, const Policy::ReplyCallback&) { engine_->Shutdown(); });
  Submit(Key(4, 1));
  EXPECT_TRUE(IsRetryDeny(OnlyAnswer(), FailureCause::kShutdown));
}

TEST_F(EngineTest, SubmitFromInsideAnAnswer_IsTaken) {
  answer_hook_ = [this](const ovpn::KeyRef& key, const ovpn::Verdict&) {
    if (key == Key(4, 1)) Submit(Key(4, 2), ovpn::AuthKind::kReauth);
    return AnswerResult::Queued();
  };
  Submit(Key(4, 1));
  policy_->Reply(0, AllowWithDns());
  EXPECT_EQ(policy_->asked().size(), 2U);
  EXPECT_EQ(engine_->Stats().open, 1U);
}

TEST_F(EngineTest, WaitingAttemptOfAnAnsweredDecision_IsCancelledAndTheRequestLetGo) {
  Decision decision = MakeDecision(Key(4, 1));
  const std::weak_ptr<const ovpn::Environment> environment = decision.request().environment;
  engine_->Submit(std::move(decision), policy_);
  Advance(2s);
  EXPECT_TRUE(policy_->cancelled().empty());
  EXPECT_FALSE(environment.expired());
  policy_->Reply(1, AllowWithDns());
  EXPECT_THAT(policy_->cancelled(),
              ElementsAre(test::FakePolicy::Cancelled{"decision-4-1", CancelReason::kTimedOut}));
  EXPECT_TRUE(environment.expired());
  Advance(90s);
  EXPECT_EQ(policy_->cancelled().size(), 1U);
  EXPECT_EQ(engine_->Stats().remembered, 0U);
}

TEST_F(EngineTest, FirstAttemptAnswersFromInsideTheSecondAsk_TheSecondIsCancelled) {
  Submit(Key(4, 1));
  policy_->OnAsk(
      [this](const Inquiry&, const Policy::ReplyCallback&) { policy_->Reply(0, AllowWithDns()); });
  Advance(2s);
  EXPECT_EQ(OnlyAnswer(), AllowWithDns());
  // Once before the policy knew the attempt, and once after.
  EXPECT_EQ(policy_->cancelled().size(), 2U);
}

}  // namespace
}  // namespace ovpnbroker::policy
