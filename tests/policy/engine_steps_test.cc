// Further steps of a client, its answers, and more time for a policy.
#include "tests/policy/engine_fixture.h"

namespace ovpnbroker::policy {
namespace {

using ovpn::FailureCause;
using testing::ElementsAre;

class EngineStepsTest : public EngineTest {
 protected:
  EngineStepsTest() {
    answer_hook_ = [this](const ovpn::KeyRef&, const ovpn::Verdict& verdict) -> AnswerResult {
      if (!std::holds_alternative<ovpn::PendingAuth>(verdict)) return AnswerResult::Queued();
      return step_result_;
    };
  }

  static ovpn::Verdict Step() { return ovpn::PendingAuth{.text = "code?"}; }
  void Respond(const ovpn::KeyRef& key) {
    ovpn::AuthRequest response = test::MakeAuthRequest(key, ovpn::AuthKind::kChallengeResponse);
    response.challenge_response = ovpn::Secret("MTIz");
    engine_->Continue(std::move(response));
  }
  // The verdicts that the instance was given, by name.
  std::vector<std::string> Given() const {
    std::vector<std::string> names;
    for (const Answered& answered : answered_) {
      names.emplace_back(ovpn::VerdictName(answered.answer));
    }
    return names;
  }

  AnswerResult step_result_{.granted = 60s};
};

TEST_F(EngineStepsTest, Step_KeepsTheDecisionOpenForAsLongAsGranted) {
  Submit(Key(4, 1));
  policy_->Reply(0, Step());
  EXPECT_EQ(engine_->NextDeadline(), clock_.Now() + 60s);
  Advance(30s);
  EXPECT_EQ(policy_->asked().size(), 1U);  // nobody is asked while the client is at it
  EXPECT_EQ(engine_->Stats().open, 1U);
  policy_->Reply(0, AllowWithDns());
  EXPECT_THAT(Given(), ElementsAre("PENDING_AUTH", "ALLOW"));
  engine_->OnAnswerOutcome(Key(4, 1), OutcomeResult::kWritten, "");
  engine_->OnAnswerOutcome(Key(4, 1), OutcomeResult::kVerified, "");
  ASSERT_EQ(keeper_.records.size(), 1U);
  EXPECT_EQ(keeper_.records[0].steps, 1);
}

TEST_F(EngineStepsTest, OpenDecision_IsShownWithWhatHappenedSoFar) {
  step_result_.lines = {"client-pending-auth 4 1"};
  std::vector<DecisionRecord> shown;
  const auto show = [&](bool wanted_open) {
    shown.clear();
    engine_->VisitUnfinished([&](const DecisionRecord& record, bool open) {
      EXPECT_EQ(open, wanted_open);
      shown.push_back(record);
    });
    return shown.size();
  };
  Submit(Key(4, 1));
  Advance(1s);
  ASSERT_EQ(show(true), 1U);
  EXPECT_EQ(shown[0].id, DecisionIdOf(Key(4, 1)));
  EXPECT_EQ(shown[0].detail, "waits for the policy");
  EXPECT_EQ(shown[0].latency, 1s);
  ASSERT_EQ(shown[0].attempt_list.size(), 1U);
  EXPECT_FALSE(shown[0].attempt_list[0].end.has_value());

  policy_->Reply(0, Step());
  ASSERT_EQ(show(true), 1U);
  EXPECT_EQ(shown[0].detail, "waits for the client");
  EXPECT_THAT(shown[0].lines, ElementsAre("client-pending-auth 4 1"));
  EXPECT_EQ(shown[0].attempt_list[0].result, "PENDING_AUTH");

  policy_->Reply(0, AllowWithDns());
  ASSERT_EQ(show(false), 1U);
  EXPECT_EQ(shown[0].result, DecisionResult::kAllowed);
  engine_->OnAnswerOutcome(Key(4, 1), OutcomeResult::kWritten, "");
  engine_->OnAnswerOutcome(Key(4, 1), OutcomeResult::kVerified, "");
  EXPECT_EQ(show(false), 0U);
}

TEST_F(EngineStepsTest, Record_HasTheLinesOfTheStepsBeforeThoseOfTheAnswer) {
  step_result_.lines = {"client-pending-auth 4 1"};
  answer_hook_ = [this](const ovpn::KeyRef&, const ovpn::Verdict& verdict) -> AnswerResult {
    if (std::holds_alternative<ovpn::PendingAuth>(verdict)) return step_result_;
    return {.lines = {"client-deny 4 1"}};
  };
  Submit(Key(4, 1));
  const ovpn::WallTime asked = clock_.WallNow();
  policy_->Reply(0, Step());
  Advance(10s);
  Respond(Key(4, 1));
  policy_->Reply(1, DenyBecause("wrong code"));
  engine_->OnAnswerOutcome(Key(4, 1), OutcomeResult::kWritten, "");
  ASSERT_EQ(keeper_.records.size(), 1U);
  EXPECT_THAT(keeper_.records[0].lines, ElementsAre("client-pending-auth 4 1", "client-deny 4 1"));
  EXPECT_LE(keeper_.records[0].receive_time, asked);
}

TEST_F(EngineStepsTest, Response_IsAskedAboutUnderTheSameId) {
  ovpn::AuthKind kind{};
  int round = 0;
  bool password = false;
  policy_->OnAsk([&](const Inquiry& inquiry, const Policy::ReplyCallback&) {
    kind = inquiry.request.kind;
    round = inquiry.round;
    password = inquiry.request.password.has_value();
  });
  Submit(Key(4, 1));
  policy_->Reply(0, Step());
  Respond(Key(4, 1));
  ASSERT_EQ(policy_->asked().size(), 2U);
  EXPECT_EQ(policy_->asked()[1].decision_id, policy_->asked()[0].decision_id);
  EXPECT_EQ(policy_->asked()[1].timeout, 5s);
  EXPECT_EQ(kind, ovpn::AuthKind::kChallengeResponse);
  EXPECT_EQ(round, 1);
  EXPECT_TRUE(password);  // that of the first request
  policy_->Reply(1, AllowWithDns());
  EXPECT_THAT(Given(), ElementsAre("PENDING_AUTH", "ALLOW"));
  // As after any CONNECT: the record waits for ESTABLISHED.
  engine_->OnAnswerOutcome(Key(4, 1), OutcomeResult::kWritten, "");
  EXPECT_TRUE(keeper_.records.empty());
  engine_->OnAnswerOutcome(Key(4, 1), OutcomeResult::kVerified, "");
  ASSERT_EQ(keeper_.records.size(), 1U);
  EXPECT_EQ(keeper_.records[0].kind, ovpn::AuthKind::kConnect);
}

TEST_F(EngineStepsTest, SlowAnswerToAResponse_IsAskedAgain) {
  Submit(Key(4, 1));
  policy_->Reply(0, Step());
  Respond(Key(4, 1));
  Advance(2s);
  ASSERT_EQ(policy_->asked().size(), 3U);
  policy_->Reply(2, AllowWithDns());
  EXPECT_THAT(Given(), ElementsAre("PENDING_AUTH", "ALLOW"));
}

TEST_F(EngineStepsTest, SeveralQuestions_GoOnUntilTheLimit) {
  options_.max_steps = 2;
  Submit(Key(4, 1));
  policy_->Reply(0, Step());
  Respond(Key(4, 1));
  policy_->Reply(1, Step());
  Respond(Key(4, 1));
  policy_->Reply(2, Step());
  EXPECT_THAT(Given(), ElementsAre("PENDING_AUTH", "PENDING_AUTH", "DENY"));
  EXPECT_TRUE(IsRetryDeny(answered_.back().answer, FailureCause::kInvalidVerdict));
  EXPECT_EQ(Total(DecisionResult::kInvalidVerdict), 1U);
  EXPECT_THAT(policy_->Outcomes(), ElementsAre(OutcomeResult::kRejected));
}

TEST_F(EngineStepsTest, ClientDoesNothing_IsDeniedWhateverTheFailureMode) {
  options_.failure.mode = FailureOptions::Mode::kAllow;
  Submit(Key(4, 1));
  policy_->Reply(0, Step());
  Advance(60s);
  EXPECT_THAT(Given(), ElementsAre("PENDING_AUTH", "DENY"));
  EXPECT_EQ(std::get<ovpn::Deny>(answered_.back().answer).code, "STEP_TIMED_OUT");
  EXPECT_THAT(policy_->cancelled(),
              ElementsAre(test::FakePolicy::Cancelled{"decision-4-1", CancelReason::kTimedOut}));
}

TEST_F(EngineStepsTest, PolicyDiesAfterAStep_FailureModeAdmitsNobody) {
  options_.failure.mode = FailureOptions::Mode::kAllow;
  Submit(Key(4, 1));
  policy_->Reply(0, Step());
  policy_->set_ready(false);
  policy_->Reply(0, Fail(FailureCause::kUnavailable));
  EXPECT_THAT(Given(), ElementsAre("PENDING_AUTH", "DENY"));
}

TEST_F(EngineStepsTest, ReplicaDiesAfterAStep_AnotherOneIsAsked) {
  Submit(Key(4, 1));
  policy_->Reply(0, Step());
  policy_->Reply(0, Fail(FailureCause::kUnavailable));
  ASSERT_EQ(policy_->asked().size(), 2U);
  policy_->Reply(1, AllowWithDns());
  EXPECT_THAT(Given(), ElementsAre("PENDING_AUTH", "ALLOW"));
}

TEST_F(EngineStepsTest, NobodyReadyForTheResponse_IsDenied) {
  Submit(Key(4, 1));
  policy_->Reply(0, Step());
  policy_->set_ready(false);
  Respond(Key(4, 1));
  EXPECT_TRUE(IsRetryDeny(answered_.back().answer, FailureCause::kUnavailable));
}

TEST_F(EngineStepsTest, RepliesToWhatWasAskedBeforeTheStep_AreLate) {
  Submit(Key(4, 1));
  Advance(2s);  // a second attempt
  policy_->Reply(1, Step());
  policy_->Reply(0, AllowWithDns());
  EXPECT_THAT(Given(), ElementsAre("PENDING_AUTH"));
  Respond(Key(4, 1));
  policy_->Reply(1, AllowWithDns());
  EXPECT_THAT(Given(), ElementsAre("PENDING_AUTH"));
  policy_->Reply(2, DenyBecause("wrong code"));
  EXPECT_THAT(Given(), ElementsAre("PENDING_AUTH", "DENY"));
}

TEST_F(EngineStepsTest, StepRefused_IsAnInvalidVerdict) {
  step_result_ = AnswerResult::Rejected({{"pending_auth.challenge_text", "no crtext"}});
  Submit(Key(4, 1));
  policy_->Reply(0, Step());
  EXPECT_TRUE(IsRetryDeny(answered_.back().answer, FailureCause::kInvalidVerdict));
  ASSERT_EQ(policy_->reported().size(), 1U);
  EXPECT_EQ(policy_->reported()[0].outcome.violations.at(0).field, "pending_auth.challenge_text");
}

TEST_F(EngineStepsTest, StepNotTakenByOpenvpn_Denies) {
  Submit(Key(4, 1));
  policy_->Reply(0, Step());
  engine_->OnAnswerOutcome(Key(4, 1), OutcomeResult::kNotEnforced, "ERROR");
  EXPECT_THAT(Given(), ElementsAre("PENDING_AUTH", "DENY"));
}

TEST_F(EngineStepsTest, ClientLeavesDuringAStep_IsWithdrawn) {
  Submit(Key(4, 1));
  policy_->Reply(0, Step());
  engine_->Withdraw(Key(4, 1), CancelReason::kClientGone);
  EXPECT_EQ(Total(DecisionResult::kWithdrawn), 1U);
  Respond(Key(4, 1));
  EXPECT_EQ(policy_->asked().size(), 1U);
}

TEST_F(EngineStepsTest, ShutdownDuringAStep_Denies) {
  Submit(Key(4, 1));
  policy_->Reply(0, Step());
  engine_->Shutdown();
  EXPECT_TRUE(IsRetryDeny(answered_.back().answer, FailureCause::kShutdown));
}

TEST_F(EngineStepsTest, StepFromInsideAsk_IsTaken) {
  policy_->OnAsk([](const Inquiry& inquiry, const Policy::ReplyCallback& reply) {
    reply({inquiry.round == 0 ? Step() : AllowWithDns(), "", "", {}});
  });
  Submit(Key(4, 1));
  Respond(Key(4, 1));
  EXPECT_THAT(Given(), ElementsAre("PENDING_AUTH", "ALLOW"));
}

class EngineExtensionTest : public EngineTest {
 protected:
  EngineExtensionTest() {
    options_.max_decision_timeout = 20s;
    policy_->OnAsk(
        [this](const Inquiry& inquiry, const Policy::ReplyCallback&) { extend_ = inquiry.extend; });
  }
  std::function<absl::Status(ovpn::Duration)> extend_;
};

TEST_F(EngineExtensionTest, MoreTime_IsGrantedOnceAndNobodyElseIsAsked) {
  Submit(Key(4, 1));
  EXPECT_TRUE(extend_(10s).ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(extend_(10s)));
  Advance(9s);
  EXPECT_EQ(policy_->asked().size(), 1U);
  policy_->Reply(0, AllowWithDns());
  EXPECT_EQ(OnlyAnswer(), AllowWithDns());
}

TEST_F(EngineExtensionTest, MoreTimeThanTheLimit_IsCutToIt) {
  Submit(Key(4, 1));
  EXPECT_TRUE(extend_(300s).ok());
  Advance(20s);
  EXPECT_TRUE(IsRetryDeny(OnlyAnswer(), FailureCause::kTimeout));
  EXPECT_TRUE(absl::IsNotFound(extend_(1s)));
}

TEST_F(EngineExtensionTest, LessTimeThanThereIs_ShortensNothing) {
  Submit(Key(4, 1));
  EXPECT_TRUE(extend_(1s).ok());
  EXPECT_EQ(engine_->NextDeadline(), clock_.Now() + 5s);
}

TEST_F(EngineExtensionTest, NotConfigured_IsRefused) {
  options_.max_decision_timeout.reset();
  Submit(Key(4, 1));
  EXPECT_TRUE(absl::IsFailedPrecondition(extend_(10s)));
  engine_.reset();
  EXPECT_FALSE(extend_(10s).ok());
}

TEST_F(EngineTest, InstanceFull_OverloadsOnlyThatInstance) {
  options_.max_open_decisions = 1;
  Submit(Key(4, 1));
  Submit(Key(5, 1));
  EXPECT_TRUE(IsRetryDeny(OnlyAnswer(), FailureCause::kOverloaded));
  ovpn::KeyRef elsewhere = Key(6, 1);
  elsewhere.client.instance = "lab";
  Submit(elsewhere);
  EXPECT_EQ(answered_.size(), 1U);
  policy_->Reply(0, AllowWithDns());
  Submit(Key(7, 1));
  EXPECT_EQ(engine_->Stats().open, 2U);
}

}  // namespace
}  // namespace ovpnbroker::policy
