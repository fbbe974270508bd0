// Further steps of a client that waits: the key goes on waiting, its response comes up, its time is
// what OpenVPN grants.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/ovpn/instance/sessions_fixture.h"
#include "tests/support/manual_clock.h"
#include "tests/support/recording_logger.h"

namespace ovpnbroker::ovpn {
namespace {

using std::chrono_literals::operator""s;
using Status = AnswerReceipt::Status;

class PendingAuthTest : public ::testing::Test {
 protected:
  PendingAuthTest() {
    config_.name = "office";
    config_.hand_window = 60s;
    config_.reneg_interval = 3600s;
  }

  void TearDown() override { test::ExpectCountsOfStates(sessions_.table()); }

  void Connect(uint32_t kid, bool reauth = false) {
    Environment::Builder environment;
    environment.Add("common_name", "alice");
    environment.Add("untrusted_ip", "192.0.2.7");
    environment.Add("untrusted_port", "50000");
    environment.Add("IV_SSO", "webauth,crtext");
    environment.Add("session_state", "Expired");
    sessions_.OnEvent(ClientConnect{reauth, Cid{3}, Kid{kid}, environment.Build(), {}});
  }
  void Respond(uint32_t kid, const std::string& text) {
    Environment::Builder environment;
    environment.Add("common_name", "alice");
    sessions_.OnEvent(ClientChallengeResponse{Cid{3}, Kid{kid}, Secret(text), environment.Build()});
  }
  AnswerReceipt Answer(const Verdict& verdict) {
    return sessions_.Answer(sink_.requests.back().key, verdict, {"corp", "decision-1"});
  }
  AnswerReceipt Put(PendingAuth::Method method, std::chrono::seconds timeout = 0s) {
    return Answer(PendingAuth{.method = method, .text = "https://x", .timeout = timeout});
  }
  const Session& LastChange() const { return sink_.changes.back(); }

  test::ManualClock clock_;
  test::RecordingLogger logger_;
  test::RecordingSink sink_;
  test::FakeChannel channel_;
  InstanceConfig config_{*ManagementAddress::Unix("/run/office.sock")};
  Sessions sessions_{config_, DirectivePolicy(), channel_, clock_, sink_, logger_};
};

TEST_F(PendingAuthTest, Step_LeavesTheKeyWaiting) {
  Connect(1);
  EXPECT_EQ(Put(PendingAuth::Method::kWebAuth).status, Status::kQueued);
  EXPECT_EQ(LastChange().state, SessionState::kPendingAuth);
  channel_.Reply(true);
  EXPECT_TRUE(sink_.outcomes.empty());
  EXPECT_EQ(Answer(Allow{}).status, Status::kQueued);
  EXPECT_EQ(LastChange().state, SessionState::kAuthorized);
}

TEST_F(PendingAuthTest, Time_IsWhatOpenvpnGrantsLessWhatWasUsed) {
  Connect(1);
  clock_.Advance(10s);
  EXPECT_EQ(Put(PendingAuth::Method::kWebAuth).granted, 1800s - 10s - 3s);
  EXPECT_EQ(Put(PendingAuth::Method::kWebAuth, 30s).granted, 30s);
  config_.reneg_interval = 0s;
  EXPECT_EQ(Put(PendingAuth::Method::kWebAuth, 300s).granted, 60s - 10s - 3s);
  clock_.Advance(60s);
  const AnswerReceipt late = Put(PendingAuth::Method::kWebAuth);
  EXPECT_EQ(late.status, Status::kRejected);
  EXPECT_EQ(late.violations.at(0).field, "pending_auth.timeout");
}

TEST_F(PendingAuthTest, Response_IsAskedAboutWithTheSameKey) {
  Connect(1);
  const KeyRef key = sink_.requests.back().key;
  Put(PendingAuth::Method::kChallenge);
  Respond(1, "MTIz");
  ASSERT_EQ(sink_.requests.size(), 2U);
  const AuthRequest& request = sink_.requests.back();
  EXPECT_EQ(request.kind, AuthKind::kChallengeResponse);
  EXPECT_EQ(request.key, key);
  EXPECT_EQ(request.challenge_response->Reveal(), "MTIz");
  EXPECT_EQ(request.session.identity->common_name, "alice");
}

TEST_F(PendingAuthTest, ResponseThatNobodyAskedFor_IsIgnored) {
  Connect(1);
  Respond(1, "MTIz");
  Put(PendingAuth::Method::kWebAuth);
  Respond(1, "MTIz");
  Put(PendingAuth::Method::kChallenge);
  Respond(2, "MTIz");  // another key
  EXPECT_EQ(sink_.requests.size(), 1U);
  Respond(1, "MTIz");
  Respond(1, "NDU2");  // a second answer to one question
  EXPECT_EQ(sink_.requests.size(), 2U);
  Answer(Deny{.reason = "wrong"});
  Respond(1, "NzQ1");
  EXPECT_EQ(sink_.requests.size(), 2U);
}

TEST_F(PendingAuthTest, Renegotiation_StaysEstablishedWhileItWaits) {
  Connect(1);
  Answer(Allow{});
  sessions_.OnEvent(ClientEstablished{Cid{3}, {}});
  Connect(2, /*reauth=*/true);
  EXPECT_EQ(Put(PendingAuth::Method::kWebAuth).status, Status::kQueued);
  EXPECT_EQ(LastChange().state, SessionState::kEstablished);
}

TEST_F(PendingAuthTest, OpenvpnRefusesTheStep_IsTold) {
  Connect(1);
  Put(PendingAuth::Method::kChallenge);
  channel_.Reply(false, "client-pending-auth command failed");
  ASSERT_EQ(sink_.outcomes.size(), 1U);
  EXPECT_EQ(sink_.outcomes[0].outcome, AnswerOutcome::kNotEnforced);
}

TEST_F(PendingAuthTest, StepRefusedAfterTheVerdict_TellsNothing) {
  Connect(1);
  Put(PendingAuth::Method::kChallenge);
  Answer(Allow{});
  channel_.Reply(false, "client-pending-auth command failed");
  EXPECT_TRUE(sink_.outcomes.empty());
  channel_.Reply(true);
  ASSERT_EQ(sink_.outcomes.size(), 1U);
  EXPECT_EQ(sink_.outcomes[0].outcome, AnswerOutcome::kWritten);
}

TEST_F(PendingAuthTest, NewHandshake_VoidsTheStep) {
  Connect(1);
  Put(PendingAuth::Method::kChallenge);
  Connect(2);
  ASSERT_EQ(sink_.withdrawals.size(), 1U);
  EXPECT_EQ(sink_.withdrawals[0].reason, WithdrawReason::kSuperseded);
  Respond(1, "MTIz");
  Respond(2, "MTIz");
  EXPECT_EQ(sink_.requests.size(), 2U);
}

TEST_F(PendingAuthTest, SessionState_IsTheTokensState) {
  Connect(1);
  EXPECT_EQ(sink_.requests.back().token_state, TokenState::kExpired);
}

}  // namespace
}  // namespace ovpnbroker::ovpn
