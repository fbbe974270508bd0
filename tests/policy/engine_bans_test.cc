// The engine denies banned clients itself, on every way in.
#include "policy/ban_list.h"
#include "tests/policy/bans.h"
#include "tests/policy/engine_fixture.h"

namespace ovpnbroker::policy {
namespace {

class EngineBansTest : public EngineTest {
 protected:
  EngineBansTest() { engine_->SetBans(&bans_); }
  ~EngineBansTest() override { engine_.reset(); }

  // MakeAuthRequest's clients have no names: the ban is of where they come from.
  Decision DecisionFrom(const std::string& address, const ovpn::KeyRef& key, ovpn::AuthKind kind) {
    ovpn::ClientIdentity identity;
    identity.real_address = address;
    return Decision(DecisionIdOf(key), test::MakeAuthRequest(key, kind, identity),
                    std::make_shared<const EngineOptions>(options_),
                    [this, key](const ovpn::Verdict& answer) {
                      answered_.push_back({key, answer});
                      return AnswerResult::Queued();
                    });
  }
  void SubmitFrom(const std::string& address, ovpn::AuthKind kind = ovpn::AuthKind::kConnect) {
    engine_->Submit(DecisionFrom(address, Key(1, 1), kind), policy_);
  }
  void BanNetwork() {
    ASSERT_TRUE(bans_.Add(test::MakeBan("b1", BanKind::kRealAddress, "192.0.2.0/24")).ok());
  }
  void ExpectBanned() {
    const auto& deny = std::get<ovpn::Deny>(answered_.back().answer);
    EXPECT_EQ(deny.client_reason, "call the help desk");
    EXPECT_FALSE(deny.retry.has_value());
    EXPECT_EQ(Total(DecisionResult::kBanned), 1U);
    engine_->OnAnswerOutcome(Key(1, 1), OutcomeResult::kWritten, "");
    ASSERT_FALSE(keeper_.records.empty());
    const DecisionRecord& record = keeper_.records.back();
    EXPECT_EQ(record.result, DecisionResult::kBanned);
    EXPECT_EQ(record.basis, AnswerBasis::kBan);
    EXPECT_EQ(record.detail, "ban b1: laptop lost");
    EXPECT_EQ(record.code, "BANNED");
  }

  BanList bans_;
};

TEST_F(EngineBansTest, Connect_IsDeniedBeforeThePolicyIsAsked) {
  BanNetwork();
  SubmitFrom("192.0.2.7:1194");
  EXPECT_TRUE(policy_->asked().empty());
  ExpectBanned();
  EXPECT_EQ(keeper_.records.back().policy, "");
}

TEST_F(EngineBansTest, Connect_IsDeniedWithoutAPolicy) {
  BanNetwork();
  engine_->Submit(DecisionFrom("192.0.2.7:1194", Key(1, 1), ovpn::AuthKind::kConnect), nullptr);
  ExpectBanned();
}

TEST_F(EngineBansTest, OthersAreAsked) {
  BanNetwork();
  SubmitFrom("198.51.100.7:1194");
  EXPECT_EQ(policy_->asked().size(), 1U);
}

TEST_F(EngineBansTest, Reauth_IsDeniedThoughKeepLastWouldKeepIt) {
  options_.failure.keep_last_max_age = 1h;
  BanNetwork();
  SubmitFrom("192.0.2.7:1194", ovpn::AuthKind::kReauth);
  ExpectBanned();
}

TEST_F(EngineBansTest, AllowOfAClientThatWasBannedMeanwhile_BecomesADeny) {
  SubmitFrom("192.0.2.7:1194");
  BanNetwork();
  policy_->Reply(0, ovpn::Allow{});
  ExpectBanned();
  EXPECT_EQ(Total(DecisionResult::kAllowed), 0U);
}

TEST_F(EngineBansTest, FailureModeAllow_DoesNotAdmitTheBanned) {
  options_.failure.mode = FailureOptions::Mode::kAllow;
  SubmitFrom("192.0.2.7:1194");
  BanNetwork();
  Advance(options_.decision_timeout);
  ExpectBanned();
  EXPECT_EQ(engine_->Stats().failure_mode_allowed, 0U);
}

TEST_F(EngineBansTest, AnswerToAStep_IsDeniedAndThePolicyIsToldNotToWait) {
  SubmitFrom("192.0.2.7:1194");
  ovpn::PendingAuth step;
  step.text = "code?";
  policy_->Reply(0, step);
  BanNetwork();
  ovpn::ClientIdentity identity;
  identity.real_address = "192.0.2.7:1194";
  engine_->Continue(test::MakeAuthRequest(Key(1, 1), ovpn::AuthKind::kChallengeResponse, identity));
  EXPECT_EQ(policy_->asked().size(), 1U);
  EXPECT_EQ(policy_->cancelled().size(), 1U);
  ExpectBanned();
}

TEST_F(EngineBansTest, ClientReasonThatCannotBeWritten_IsStillADeny) {
  Ban ban = test::MakeBan("b1", BanKind::kRealAddress, "192.0.2.0/24");
  ASSERT_TRUE(bans_.Add(ban).ok());
  std::vector<ovpn::Verdict> tried;
  engine_->Submit(Decision(
                      "decision-1-1",
                      [] {
                        ovpn::ClientIdentity identity;
                        identity.real_address = "192.0.2.7:1194";
                        return test::MakeAuthRequest(Key(1, 1), ovpn::AuthKind::kConnect, identity);
                      }(),
                      std::make_shared<const EngineOptions>(options_),
                      [&tried](const ovpn::Verdict& answer) {
                        tried.push_back(answer);
                        return tried.size() == 1 ? AnswerResult::Rejected({})
                                                 : AnswerResult::Queued();
                      }),
                  policy_);
  ASSERT_EQ(tried.size(), 2U);
  EXPECT_EQ(tried[1], ovpn::Verdict(ovpn::Deny{}));
  EXPECT_EQ(Total(DecisionResult::kBanned), 1U);
}

}  // namespace
}  // namespace ovpnbroker::policy
