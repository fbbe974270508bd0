// Outcomes, records, keep_last and the memory of ended decisions.
#include "tests/policy/engine_fixture.h"

namespace ovpnbroker::policy {
namespace {

using ovpn::AuthKind;
using ovpn::FailureCause;
using testing::ElementsAre;

TEST_F(EngineTest, AllowedConnect_LeavesItsRecordWhenVerified) {
  Submit(Key(4, 1));
  Advance(10ms);
  policy_->Reply(0, AllowWithDns());
  engine_->OnAnswerOutcome(Key(4, 1), OutcomeResult::kWritten, "");
  EXPECT_TRUE(keeper_.records.empty());
  engine_->OnAnswerOutcome(Key(4, 1), OutcomeResult::kVerified, "10.8.0.2");

  EXPECT_THAT(policy_->Outcomes(), ElementsAre(OutcomeResult::kWritten, OutcomeResult::kVerified));
  ASSERT_EQ(keeper_.records.size(), 1U);
  const DecisionRecord& record = keeper_.records[0];
  EXPECT_EQ(record.id, "decision-4-1");
  EXPECT_EQ(record.key, Key(4, 1));
  EXPECT_EQ(record.session_uid, "session-4");
  EXPECT_EQ(record.policy, "fake");
  EXPECT_EQ(record.replica, "replica-1");
  EXPECT_EQ(record.policy_revision, "revision-1");
  EXPECT_EQ(record.attempts, 1);
  EXPECT_EQ(record.result, DecisionResult::kAllowed);
  EXPECT_EQ(record.basis, AnswerBasis::kVerdict);
  EXPECT_EQ(record.answer, "allow dns=1");
  EXPECT_EQ(record.latency, 10ms);
  EXPECT_EQ(record.outcome, OutcomeResult::kVerified);
  EXPECT_EQ(record.outcome_detail, "10.8.0.2");
}

TEST_F(EngineTest, Deny_LeavesItsRecordWhenWritten) {
  Submit(Key(4, 1));
  policy_->Reply(0, DenyBecause("no"));
  engine_->OnAnswerOutcome(Key(4, 1), OutcomeResult::kWritten, "");
  ASSERT_EQ(keeper_.records.size(), 1U);
  EXPECT_EQ(keeper_.records[0].detail, "operator's reason");
  EXPECT_EQ(keeper_.records[0].code, "CODE");
}

TEST_F(EngineTest, AllowedReauth_LeavesItsRecordWhenWritten) {
  Submit(Key(4, 1), AuthKind::kReauth);
  policy_->Reply(0, AllowWithDns());
  engine_->OnAnswerOutcome(Key(4, 1), OutcomeResult::kWritten, "");
  EXPECT_EQ(keeper_.records.size(), 1U);
}

TEST_F(EngineTest, OutcomeFromInsideTheAnswer_FindsACompleteRecord) {
  answer_hook_ = [this](const ovpn::KeyRef& key, const ovpn::Verdict&) {
    engine_->OnAnswerOutcome(key, OutcomeResult::kWritten, "");
    return AnswerResult::Queued();
  };
  Submit(Key(4, 1));
  policy_->Reply(0, DenyBecause("no"));
  ASSERT_EQ(keeper_.records.size(), 1U);
  EXPECT_EQ(keeper_.records[0].result, DecisionResult::kDenied);
  EXPECT_EQ(keeper_.records[0].answer, "deny client_reason=\"no\"");
  EXPECT_THAT(policy_->Outcomes(), ElementsAre(OutcomeResult::kWritten));
}

TEST_F(EngineTest, ClientGoneAtTheAnswer_IsNotEnforced) {
  answer_hook_ = [](const ovpn::KeyRef&, const ovpn::Verdict&) { return AnswerResult::Gone(); };
  Submit(Key(4, 1));
  policy_->Reply(0, AllowWithDns());
  EXPECT_THAT(policy_->Outcomes(), ElementsAre(OutcomeResult::kNotEnforced));
  ASSERT_EQ(keeper_.records.size(), 1U);
  EXPECT_EQ(keeper_.records[0].outcome, OutcomeResult::kNotEnforced);
}

TEST_F(EngineTest, NoOutcomeInTime_LeavesTheRecordWithoutOne) {
  Submit(Key(4, 1));
  policy_->Reply(0, AllowWithDns());
  Advance(89s);
  EXPECT_TRUE(keeper_.records.empty());
  Advance(1s);
  ASSERT_EQ(keeper_.records.size(), 1U);
  EXPECT_EQ(keeper_.records[0].outcome, std::nullopt);
  engine_->OnAnswerOutcome(Key(4, 1), OutcomeResult::kWritten, "");
  EXPECT_EQ(keeper_.records.size(), 1U);
}

TEST_F(EngineTest, MemoryFull_ForgetsTheOldest) {
  MakeEngine({.max_remembered_decisions = 2});
  for (uint64_t cid = 1; cid <= 3; ++cid) {
    Submit(Key(cid, 1));
    policy_->Reply(cid - 1, AllowWithDns());
  }
  engine_->OnDeadline();
  ASSERT_EQ(keeper_.records.size(), 1U);
  EXPECT_EQ(keeper_.records[0].key, Key(1, 1));
  EXPECT_EQ(engine_->Stats().remembered, 2U);
}

TEST_F(EngineTest, OlderKeyOfAClientForgotten_TheNewerIsStillFound) {
  MakeEngine({.max_remembered_decisions = 2});
  for (uint32_t kid = 1; kid <= 3; ++kid) {
    Submit(Key(4, kid), kid == 1 ? AuthKind::kConnect : AuthKind::kReauth);
    policy_->Reply(kid - 1, AllowWithDns());
  }
  engine_->OnDeadline();
  for (uint32_t kid = 1; kid <= 3; ++kid) {
    engine_->OnAnswerOutcome(Key(4, kid), OutcomeResult::kWritten, "");
  }
  ASSERT_EQ(policy_->reported().size(), 2U);
  EXPECT_EQ(policy_->reported()[0].decision_id, "decision-4-2");
  EXPECT_EQ(policy_->reported()[1].decision_id, "decision-4-3");
}

TEST_F(EngineTest, OutcomeOfAnOlderKey_ReachesItsOwnDecision) {
  Submit(Key(4, 1));
  policy_->Reply(0, AllowWithDns());
  Submit(Key(4, 2), AuthKind::kReauth);
  engine_->OnAnswerOutcome(Key(4, 1), OutcomeResult::kWritten, "");
  ASSERT_EQ(policy_->reported().size(), 1U);
  EXPECT_EQ(policy_->reported()[0].decision_id, "decision-4-1");
}

TEST_F(EngineTest, TimeoutDenyWritten_IsNotReportedToThePolicy) {
  Submit(Key(4, 1));
  Advance(5s);
  engine_->OnAnswerOutcome(Key(4, 1), OutcomeResult::kWritten, "");
  EXPECT_TRUE(policy_->reported().empty());
  EXPECT_EQ(keeper_.records.size(), 1U);
}

TEST_F(EngineTest, SessionEnded_ClosesItsRecordOrItsQuestion) {
  Submit(Key(1, 1));
  Submit(Key(2, 1));
  policy_->Reply(0, AllowWithDns());
  engine_->OnSessionEnded(Key(1, 1).client, "session-1");
  engine_->OnSessionEnded(Key(2, 1).client, "session-2");
  engine_->OnSessionEnded(Key(3, 1).client, "session-3");
  ASSERT_EQ(keeper_.records.size(), 2U);
  EXPECT_EQ(keeper_.records[0].result, DecisionResult::kAllowed);
  EXPECT_EQ(keeper_.records[1].result, DecisionResult::kWithdrawn);
  EXPECT_EQ(policy_->cancelled().size(), 1U);
}

class KeepLastTest : public EngineTest {
 protected:
  KeepLastTest() { options_.failure.keep_last_max_age = 1h; }

  void AllowAndWrite(const ovpn::KeyRef& key, OutcomeResult outcome = OutcomeResult::kWritten) {
    Submit(key);
    policy_->Reply(policy_->asked().size() - 1, AllowWithDns());
    engine_->OnAnswerOutcome(key, outcome, "");
  }
  // Whether a REAUTH with nobody to ask keeps the session.
  bool ReauthIsKept(const ovpn::KeyRef& key) {
    policy_->set_ready(false);
    Submit(key, AuthKind::kReauth);
    return std::holds_alternative<ovpn::Allow>(answered_.back().answer);
  }
};

TEST_F(KeepLastTest, YoungAllow_KeepsTheSession) {
  AllowAndWrite(Key(4, 1));
  Advance(59min);
  EXPECT_TRUE(ReauthIsKept(Key(4, 2)));
  EXPECT_EQ(engine_->Stats().kept_last, 1U);
  engine_->OnAnswerOutcome(Key(4, 2), OutcomeResult::kWritten, "");
  EXPECT_EQ(keeper_.records.back().basis, AnswerBasis::kKeptLast);
}

TEST_F(KeepLastTest, KeptSession_IsNotYoungAgain) {
  AllowAndWrite(Key(4, 1));
  Advance(40min);
  EXPECT_TRUE(ReauthIsKept(Key(4, 2)));
  engine_->OnAnswerOutcome(Key(4, 2), OutcomeResult::kWritten, "");
  Advance(40min);
  EXPECT_FALSE(ReauthIsKept(Key(4, 3)));
}

TEST_F(KeepLastTest, AllowThatWasNotEnforced_DoesNotCount) {
  AllowAndWrite(Key(4, 1), OutcomeResult::kNotEnforced);
  EXPECT_FALSE(ReauthIsKept(Key(4, 2)));
}

TEST_F(KeepLastTest, MismatchedSession_IsForgotten) {
  AllowAndWrite(Key(4, 1));
  engine_->OnAnswerOutcome(Key(4, 1), OutcomeResult::kMismatched, "");
  EXPECT_FALSE(ReauthIsKept(Key(4, 2)));
}

TEST_F(KeepLastTest, EndedSession_IsForgotten) {
  AllowAndWrite(Key(4, 1));
  engine_->OnSessionEnded(Key(4, 1).client, "session-4");
  EXPECT_FALSE(ReauthIsKept(Key(4, 2)));
}

TEST_F(KeepLastTest, PolicyDeny_EndsTheSessionAllTheSame) {
  AllowAndWrite(Key(4, 1));
  Submit(Key(4, 2), AuthKind::kReauth);
  policy_->Reply(1, DenyBecause("left the company"));
  EXPECT_EQ(answered_.back().answer, DenyBecause("left the company"));
  engine_->OnAnswerOutcome(Key(4, 2), OutcomeResult::kWritten, "");
  EXPECT_FALSE(ReauthIsKept(Key(4, 3))) << "a deny ends what the allow had earned";
}

TEST_F(KeepLastTest, DenyThatCannotBeWritten_DoesNotKeepTheSession) {
  AllowAndWrite(Key(4, 1));
  answer_hook_ = [](const ovpn::KeyRef&, const ovpn::Verdict& answer) {
    return answer == DenyBecause("TEMP:") ? AnswerResult::Rejected({{"deny.client_reason", "bad"}})
                                          : AnswerResult::Queued();
  };
  Submit(Key(4, 2), AuthKind::kReauth);
  policy_->Reply(1, DenyBecause("TEMP:"));
  EXPECT_TRUE(IsRetryDeny(answered_.back().answer, FailureCause::kInvalidVerdict));
}

TEST_F(KeepLastTest, AllowThatCannotBeWritten_KeepsTheSession) {
  AllowAndWrite(Key(4, 1));
  answer_hook_ = [](const ovpn::KeyRef&, const ovpn::Verdict& answer) {
    return answer == AllowWithDns() ? AnswerResult::Rejected({{"allow.config.dns[0]", "bad"}})
                                    : AnswerResult::Queued();
  };
  Submit(Key(4, 2), AuthKind::kReauth);
  policy_->Reply(1, AllowWithDns());
  EXPECT_EQ(answered_.back().answer, ovpn::Verdict(ovpn::Allow{}));
}

}  // namespace
}  // namespace ovpnbroker::policy
