// Questions about clients that are only described: to replicas that take them, and without any
// effect on the decisions of real ones.
#include "tests/policy/stream/stream_fixture.h"

namespace ovpnbroker::policy {
namespace {

class DryRunsTest : public StreamFixture {
 protected:
  static test::PolicyScript Taking(test::PolicyScript script = {}) {
    script.ack->add_capabilities(v1::CAPABILITY_DRY_RUN);
    return script;
  }
};

TEST_F(DryRunsTest, DryRun_GoesToTheReplicaThatTakesThemAndIsMarked) {
  const auto plain = Serve("a");
  const auto taking = Serve("b", Taking());
  Open(Options({"a", "b"}));
  EXPECT_FALSE(policy_->takes_dry_runs());
  ASSERT_TRUE(RunUntilReady(2));
  EXPECT_TRUE(policy_->takes_dry_runs());
  for (const std::string id : {"d1", "d2", "d3"}) {
    AskDry(id);
    ASSERT_TRUE(RunUntilReply(id));
    EXPECT_EQ(replies_[id][0].replica, Address("b"));
  }
  EXPECT_TRUE(taking->Last(Request::kDecisionRequest).decision_request().dry_run());
  EXPECT_EQ(plain->Count(Request::kDecisionRequest), 0);
}

TEST_F(DryRunsTest, RealRequest_IsNotMarked) {
  const auto server = Serve("a", Taking());
  Open(Options({"a"}));
  ASSERT_TRUE(RunUntilReady());
  Ask("d1");
  ASSERT_TRUE(RunUntilReply("d1"));
  EXPECT_FALSE(server->Last(Request::kDecisionRequest).decision_request().dry_run());
}

TEST_F(DryRunsTest, NoReplicaTakesThem_NobodyIsAsked) {
  const auto server = Serve("a");
  Open(Options({"a"}));
  ASSERT_TRUE(RunUntilReady());
  EXPECT_FALSE(policy_->takes_dry_runs());
}

// One that waited at the head of the queue would keep back those who could go elsewhere.
TEST_F(DryRunsTest, ReplicaIsFull_DryRunFailsAndTheClientsWait) {
  const auto server = Serve("a", OneAtATime(Taking(test::SilentPolicy())));
  Open(Options({"a"}));
  ASSERT_TRUE(RunUntilReady());
  Ask("d1");
  Ask("d2");
  AskDry("dry");
  EXPECT_EQ(FailureOf("dry"), ovpn::FailureCause::kOverloaded);
  EXPECT_EQ(policy_->queued(), 1u);
  EXPECT_EQ(policy_->counters().overloads, 0u);
}

TEST_F(DryRunsTest, Reply_TellsWhetherThePasswordWasShown) {
  const auto access = [this](bool granted, bool requested, StreamMode mode) {
    test::PolicyScript script = Taking();
    if (requested) script.ack->add_capabilities(v1::CAPABILITY_PASSWORD);
    const auto server = Serve("a", script);
    StreamPolicyOptions options = Options({"a"});
    options.grant_password = granted;
    options.mode = mode;
    Open(options);
    EXPECT_TRUE(RunUntilReady());
    replies_.clear();
    requests_.clear();
    AskDry("dry");
    EXPECT_TRUE(RunUntilReply("dry"));
    const PasswordAccess told = replies_["dry"].at(0).password_access;
    const bool shown =
        server->Last(Request::kDecisionRequest).decision_request().credentials().has_password();
    EXPECT_EQ(shown, told == PasswordAccess::kShown);
    policy_.reset();
    return told;
  };
  EXPECT_EQ(access(true, true, StreamMode::kEnforce), PasswordAccess::kShown);
  EXPECT_EQ(access(true, false, StreamMode::kEnforce), PasswordAccess::kNotRequested);
  EXPECT_EQ(access(false, true, StreamMode::kEnforce), PasswordAccess::kNotGranted);
  EXPECT_EQ(access(false, true, StreamMode::kShadow), PasswordAccess::kShadow);
}

TEST_F(DryRunsTest, Unanswered_SaysNothingOfTheReplicasHealth) {
  const auto server = Serve("a", Taking(test::SilentPolicy()));
  StreamPolicyOptions options = Options({"a"});
  options.circuit_failures = 1;
  Open(options);
  ASSERT_TRUE(RunUntilReady());
  AskDry("dry");
  policy_->Cancel("dry", CancelReason::kTimedOut);
  ASSERT_TRUE(RunUntil([&] { return server->Count(Request::kDecisionCancellation) == 1; }));
  EXPECT_EQ(Status(0).circuit, CircuitState::kClosed);
  EXPECT_EQ(Status(0).in_flight, 0u);
}

TEST_F(DryRunsTest, FurtherStep_IsToldAndCanBeCancelledFromTheReply) {
  test::PolicyScript script = Taking();
  script.ack->add_capabilities(v1::CAPABILITY_PENDING_AUTH);
  script.decide = [](const v1::DecisionRequest& request) {
    v1::Decision decision;
    decision.set_decision_id(request.decision_id());
    decision.mutable_pending_auth()->set_challenge_text("Code?");
    return decision;
  };
  const auto server = Serve("a", script);
  Open(Options({"a"}));
  ASSERT_TRUE(RunUntilReady());
  const ovpn::AuthRequest request = test::MakeAuthRequest(test::Key(1, 1));
  const ovpn::DecisionId id = "dry";
  bool asked_further = false;
  policy_->Ask(
      {.decision_id = id, .request = request, .timeout = std::chrono::seconds(5), .dry_run = true},
      [&](const PolicyReply& reply) {
        asked_further = std::holds_alternative<ovpn::PendingAuth>(reply.verdict);
        policy_->Cancel(id, CancelReason::kClientGone);
      });
  ASSERT_TRUE(RunUntil([&] { return asked_further; }));
  ASSERT_TRUE(RunUntil([&] { return server->Count(Request::kDecisionCancellation) == 1; }));
  EXPECT_EQ(Status(0).in_flight, 0u);
}

}  // namespace
}  // namespace ovpnbroker::policy
