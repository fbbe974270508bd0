#include "policy/shadow_desk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/support/auth_request_builder.h"
#include "tests/support/fake_policy.h"
#include "tests/support/manual_clock.h"

namespace ovpnbroker::policy {
namespace {

using ovpn::Allow;
using ovpn::Deny;
using test::Key;
using testing::ElementsAre;

class ShadowDeskTest : public testing::Test {
 protected:
  ShadowDeskTest() { MakeDesk({.max_waiting = 3, .max_in_flight = 2, .max_differences = 2}); }

  void MakeDesk(const ShadowLimits& limits) {
    desk_ = std::make_unique<ShadowDesk>(clock_, limits, [this] { ++wakes_; });
    desk_->Assign("office", {candidate_});
  }

  // A decision was answered with `verdict`.
  void Judge(uint64_t cid, const ovpn::Verdict& verdict,
             ovpn::AuthKind kind = ovpn::AuthKind::kConnect) {
    const ovpn::AuthRequest request = test::MakeAuthRequest(Key(cid, 1), kind);
    const ovpn::DecisionId id = "decision-" + std::to_string(cid);
    const std::string revision;
    desk_->OnJudged({id, request, "enforcing", revision, verdict, {}});
  }
  ShadowSummary Summary() const { return desk_->Summaries().at(0); }
  std::vector<std::string> DifferentIds() const {
    std::vector<std::string> ids;
    desk_->Visit(0, [&ids](uint64_t, const ShadowDifference& difference) {
      ids.push_back(difference.decision_id);
      return true;
    });
    return ids;
  }

  test::ManualClock clock_;
  std::shared_ptr<test::FakePolicy> candidate_ = std::make_shared<test::FakePolicy>("candidate");
  int wakes_ = 0;
  std::unique_ptr<ShadowDesk> desk_;
};

TEST_F(ShadowDeskTest, Judged_AsksNobodyBeforeThePump) {
  Judge(1, Allow{});
  EXPECT_TRUE(candidate_->asked().empty());
  EXPECT_EQ(wakes_, 1);
  desk_->Pump();
  EXPECT_EQ(candidate_->asked().size(), 1U);
}

TEST_F(ShadowDeskTest, Candidate_NeverSeesThePassword) {
  bool asked = false;
  candidate_->OnAsk([&asked](const Inquiry& inquiry, const Policy::ReplyCallback&) {
    asked = true;
    EXPECT_FALSE(inquiry.request.password.has_value());
    EXPECT_FALSE(inquiry.request.challenge_response.has_value());
    EXPECT_EQ(inquiry.request.session.uid, "session-1");
  });
  Judge(1, Allow{});
  desk_->Pump();
  EXPECT_TRUE(asked);
}

TEST_F(ShadowDeskTest, SameVerdict_Agrees) {
  Judge(1, Allow{});
  desk_->Pump();
  candidate_->Reply(0, Allow{});
  EXPECT_EQ(Summary().agreed, 1U);
  EXPECT_EQ(Summary().in_flight, 0U);
  EXPECT_TRUE(DifferentIds().empty());
}

TEST_F(ShadowDeskTest, OtherVerdict_IsKeptFieldByField) {
  candidate_->OnAsk([](const Inquiry&, const Policy::ReplyCallback& reply) {
    reply({Deny{"no", "", ""}, "r2", "", {}});  // from inside Ask, as the embedded rules do
  });
  Judge(1, Allow{});
  desk_->Pump();
  EXPECT_EQ(Summary().differed, 1U);
  desk_->Visit(0, [](uint64_t, const ShadowDifference& difference) {
    EXPECT_EQ(difference.candidate, "candidate");
    EXPECT_EQ(difference.candidate_revision, "r2");
    EXPECT_EQ(difference.enforcing_policy, "enforcing");
    EXPECT_THAT(difference.fields, ElementsAre(FieldDifference{"verdict", "ALLOW", "DENY"},
                                               FieldDifference{"deny.reason", "", "no"}));
    return true;
  });
}

TEST_F(ShadowDeskTest, Reauth_ComparesTheVerdictOnly) {
  Allow other;
  other.config.push_reset = true;
  Judge(1, Allow{}, ovpn::AuthKind::kReauth);
  desk_->Pump();
  candidate_->Reply(0, other);
  EXPECT_EQ(Summary().agreed, 1U);
}

TEST_F(ShadowDeskTest, NoReply_TimesOutAndIsCancelled) {
  Judge(1, Allow{});
  desk_->Pump();
  clock_.Advance(*desk_->NextDeadline() - clock_.Now());
  desk_->OnDeadline();
  EXPECT_EQ(Summary().timed_out, 1U);
  EXPECT_EQ(candidate_->cancelled().size(), 1U);
  candidate_->Reply(0, Allow{});  // late: counts no more
  EXPECT_EQ(Summary().agreed, 0U);
  EXPECT_FALSE(desk_->NextDeadline().has_value());
}

TEST_F(ShadowDeskTest, SlowCandidate_ItsComparisonsAreDroppedAndCounted) {
  for (uint64_t cid = 1; cid <= 5; ++cid) Judge(cid, Allow{});  // 3 may wait
  for (int i = 0; i < 5; ++i) desk_->Pump();                    // 2 may be in flight
  EXPECT_EQ(candidate_->asked().size(), 2U);
  EXPECT_EQ(Summary().dropped, 3U);
}

TEST_F(ShadowDeskTest, FailureAndAbsence_CountAsFailed) {
  Judge(1, Allow{});
  Judge(2, Allow{});
  desk_->Pump();
  candidate_->Reply(0, ovpn::Failure{});
  candidate_->set_ready(false);
  desk_->Pump();
  EXPECT_EQ(Summary().failed, 2U);
}

TEST_F(ShadowDeskTest, EnforcingFailureAndOtherInstance_AreNotCompared) {
  Judge(1, ovpn::Failure{});
  const ovpn::AuthRequest elsewhere = test::MakeAuthRequest(Key(2, 1, "branch"));
  desk_->OnJudged({"decision-2", elsewhere, "enforcing", "", Allow{}, {}});
  EXPECT_EQ(wakes_, 0);
}

TEST_F(ShadowDeskTest, TooManyDifferences_OldestGo) {
  for (uint64_t cid = 1; cid <= 3; ++cid) {
    Judge(cid, Allow{});
    desk_->Pump();
    candidate_->Reply(cid - 1, ovpn::Abstain{});
  }
  EXPECT_THAT(DifferentIds(), ElementsAre("decision-3", "decision-2"));
}

TEST_F(ShadowDeskTest, ReplyAfterTheDeskIsGone_IsNothing) {
  Judge(1, Allow{});
  desk_->Pump();
  desk_.reset();
  candidate_->Reply(0, Allow{});
  EXPECT_EQ(candidate_->cancelled().size(), 1U);
}

}  // namespace
}  // namespace ovpnbroker::policy
