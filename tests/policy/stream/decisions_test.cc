// Decisions over real streams: answers, retries, losses, limits.
#include <algorithm>

#include "policy/stream/hedge_budget.h"
#include "tests/policy/stream/stream_fixture.h"

namespace ovpnbroker::policy {
namespace {

class DecisionsTest : public StreamFixture {
 protected:
  bool RunUntilRequests(const test::ScriptedPolicy& server, int count) {
    return RunUntil([&] { return server.Count(Request::kDecisionRequest) >= count; });
  }
};

TEST_F(DecisionsTest, Allow_ComesBackWithRevisionReplicaAndAnnotations) {
  test::PolicyScript script;
  script.decide = [](const v1::DecisionRequest& request) {
    v1::Decision decision = test::AllowDecision(request.decision_id());
    decision.mutable_allow()->mutable_config()->add_routes()->set_destination("10.1.0.0/16");
    decision.set_policy_revision("r8");
    (*decision.mutable_audit_annotations())["rule"] = "staff";
    return decision;
  };
  const auto server = Serve("a", script);
  Open(Options({"a"}));
  ASSERT_TRUE(RunUntilReady());
  Ask("d1");
  EXPECT_EQ(Status(0).in_flight, 1u);
  ASSERT_TRUE(RunUntilReply("d1"));
  const PolicyReply& reply = replies_["d1"][0];
  const auto& allow = std::get<ovpn::Allow>(reply.verdict);
  ASSERT_EQ(allow.config.routes.size(), 1u);
  EXPECT_EQ(allow.config.routes[0].destination.ToString(), "10.1.0.0/16");
  EXPECT_EQ(reply.policy_revision, "r8");
  EXPECT_EQ(reply.replica, Address("a"));
  ASSERT_EQ(reply.audit_annotations.size(), 1u);
  EXPECT_EQ(reply.audit_annotations[0].second, "staff");
  EXPECT_EQ(Status(0).in_flight, 0u);
  EXPECT_EQ(Status(0).revision, "r8");
}

TEST_F(DecisionsTest, NoReplicaReady_FailsAtOnce) {
  Open(Options({"nobody"}));
  Ask("d1");
  ASSERT_EQ(replies_["d1"].size(), 1u);
  EXPECT_EQ(FailureOf("d1"), ovpn::FailureCause::kUnavailable);
}

TEST_F(DecisionsTest, EmptyVerdict_IsInvalidAndRejected) {
  test::PolicyScript script;
  script.decide = [](const v1::DecisionRequest& request) {
    v1::Decision decision;
    decision.set_decision_id(request.decision_id());
    return decision;
  };
  const auto server = Serve("a", script);
  Open(Options({"a"}));
  ASSERT_TRUE(RunUntilReady());
  Ask("d1");
  ASSERT_TRUE(RunUntilReply("d1"));
  EXPECT_EQ(FailureOf("d1"), ovpn::FailureCause::kInvalidVerdict);
  ASSERT_TRUE(RunUntil([&] { return server->Count(Request::kDecisionOutcome) == 1; }));
  EXPECT_EQ(server->Last(Request::kDecisionOutcome).decision_outcome().result(),
            v1::DecisionOutcome::RESULT_REJECTED);
  EXPECT_EQ(policy_->counters().invalid_verdicts, 1u);
}

TEST_F(DecisionsTest, Outcome_GoesToTheReplicaThatAnswered) {
  const auto server = Serve("a");
  Open(Options({"a"}));
  ASSERT_TRUE(RunUntilReady());
  Ask("d1");
  ASSERT_TRUE(RunUntilReply("d1"));
  policy_->ReportOutcome("d1", {OutcomeResult::kVerified, "", {}});
  policy_->ReportOutcome("unknown", {OutcomeResult::kVerified, "", {}});
  ASSERT_TRUE(RunUntil([&] { return server->Count(Request::kDecisionOutcome) == 1; }));
  const v1::DecisionOutcome outcome = server->Last(Request::kDecisionOutcome).decision_outcome();
  EXPECT_EQ(outcome.decision_id(), "d1");
  EXPECT_EQ(outcome.result(), v1::DecisionOutcome::RESULT_VERIFIED);
}

TEST_F(DecisionsTest, StreamDies_DecisionMovesToTheOtherReplica) {
  auto dying = Serve("a", test::SilentPolicy());
  const auto other = Serve("b");
  Open(Options({"a", "b"}));
  ASSERT_TRUE(RunUntilReady(2));
  Ask("d1");
  ASSERT_TRUE(RunUntilRequests(*dying, 1));
  dying.reset();
  ASSERT_TRUE(RunUntilReply("d1"));
  EXPECT_EQ(FailureOf("d1"), ovpn::FailureCause::kUnavailable);
  replies_.clear();
  Ask("d1", 2);
  ASSERT_TRUE(RunUntilReply("d1"));
  EXPECT_TRUE(Allowed("d1"));
  EXPECT_EQ(other->Last(Request::kDecisionRequest).decision_request().attempt(), 2);
  EXPECT_EQ(logger_.Count("POLICY_STREAM_LOST"), 1);
}

TEST_F(DecisionsTest, StreamEndsWithError_OpenDecisionsFail) {
  const auto server = Serve("a", test::SilentPolicy());
  Open(Options({"a"}));
  ASSERT_TRUE(RunUntilReady());
  Ask("d1");
  Ask("d2");
  ASSERT_TRUE(RunUntilRequests(*server, 2));
  server->FinishStreams(grpc::Status(grpc::StatusCode::INTERNAL, "bug"));
  ASSERT_TRUE(RunUntilReply("d1"));
  ASSERT_TRUE(RunUntilReply("d2"));
  EXPECT_TRUE(logger_.Mentions("bug"));
}

TEST_F(DecisionsTest, Retry_GoesToTheOtherReplicaAndTheFasterOneWins) {
  const auto slow = Serve("a", test::SilentPolicy());
  const auto fast = Serve("b");
  Open(Options({"a", "b"}));
  ASSERT_TRUE(RunUntilReady(2));
  Ask("d1", 1);
  ASSERT_TRUE(RunUntilRequests(*slow, 1));
  Ask("d1", 2);
  ASSERT_TRUE(RunUntilReply("d1"));
  EXPECT_EQ(replies_["d1"][0].replica, Address("b"));
  ASSERT_TRUE(RunUntil([&] { return slow->Count(Request::kDecisionCancellation) == 1; }));
  slow->Send(test::AllowDecision("d1"));
  ASSERT_TRUE(RunUntil([&] { return slow->Count(Request::kDecisionOutcome) == 1; }));
  EXPECT_EQ(slow->Last(Request::kDecisionOutcome).decision_outcome().result(),
            v1::DecisionOutcome::RESULT_LATE);
  EXPECT_EQ(replies_["d1"].size(), 1u);
}

TEST_F(DecisionsTest, RetryWithOneReplica_WaitsForTheFirstAnswer) {
  const auto server = Serve("a", test::SilentPolicy());
  Open(Options({"a"}));
  ASSERT_TRUE(RunUntilReady());
  Ask("d1", 1);
  Ask("d1", 2);
  ASSERT_TRUE(RunUntilRequests(*server, 1));
  server->Send(test::AllowDecision("d1"));
  ASSERT_TRUE(RunUntilReply("d1"));
  EXPECT_TRUE(Allowed("d1"));
  EXPECT_EQ(server->Count(Request::kDecisionRequest), 1);
}

TEST_F(DecisionsTest, Cancel_IsSentAndALateVerdictIsToldSo) {
  const auto server = Serve("a", test::SilentPolicy());
  Open(Options({"a"}));
  ASSERT_TRUE(RunUntilReady());
  Ask("d1");
  ASSERT_TRUE(RunUntilRequests(*server, 1));
  policy_->Cancel("d1", CancelReason::kClientGone);
  policy_->Cancel("unknown", CancelReason::kClientGone);
  ASSERT_TRUE(RunUntil([&] { return server->Count(Request::kDecisionCancellation) == 1; }));
  EXPECT_EQ(server->Last(Request::kDecisionCancellation).decision_cancellation().reason(),
            v1::DecisionCancellation::REASON_CLIENT_GONE);
  EXPECT_EQ(Status(0).in_flight, 0u);
  server->Send(test::AllowDecision("d1"));
  ASSERT_TRUE(RunUntil([&] { return server->Count(Request::kDecisionOutcome) == 1; }));
  EXPECT_EQ(server->Last(Request::kDecisionOutcome).decision_outcome().result(),
            v1::DecisionOutcome::RESULT_LATE);
  EXPECT_TRUE(replies_["d1"].empty());
  EXPECT_TRUE(policy_->ready());
}

TEST_F(DecisionsTest, VerdictForAnotherId_IsLateAndTheRightOneStillCounts) {
  const auto server = Serve("a", test::SilentPolicy());
  Open(Options({"a"}));
  ASSERT_TRUE(RunUntilReady());
  Ask("d1");
  ASSERT_TRUE(RunUntilRequests(*server, 1));
  server->Send(test::AllowDecision("somebody-else"));
  server->Send(test::DenyDecision("d1", "no"));
  ASSERT_TRUE(RunUntilReply("d1"));
  EXPECT_TRUE(std::holds_alternative<ovpn::Deny>(replies_["d1"][0].verdict));
  EXPECT_EQ(policy_->counters().late_verdicts, 1u);
}

TEST_F(DecisionsTest, AllReplicasFull_WaitsThenOverloads) {
  const auto server = Serve("a", OneAtATime());
  StreamPolicyOptions options = Options({"a"});
  options.max_queued = 1;
  Open(options);
  ASSERT_TRUE(RunUntilReady());
  Ask("d1");
  Ask("d2");
  Ask("d3");
  ASSERT_EQ(replies_["d3"].size(), 1u);
  EXPECT_EQ(FailureOf("d3"), ovpn::FailureCause::kOverloaded);
  EXPECT_EQ(logger_.Count("POLICY_QUEUE_FULL"), 1);
  ASSERT_TRUE(RunUntilRequests(*server, 1));
  server->Send(test::AllowDecision("d1"));
  ASSERT_TRUE(RunUntilRequests(*server, 2));
  EXPECT_EQ(server->Last(Request::kDecisionRequest).decision_request().decision_id(), "d2");
  policy_->Cancel("d2", CancelReason::kTimedOut);
  EXPECT_EQ(Status(0).in_flight, 0u);
}

TEST_F(DecisionsTest, QueuedDecision_CanBeCancelled) {
  const auto server = Serve("a", OneAtATime());
  Open(Options({"a"}));
  ASSERT_TRUE(RunUntilReady());
  Ask("d1");
  Ask("d2");
  Ask("d3");
  policy_->Cancel("d2", CancelReason::kClientGone);
  ASSERT_TRUE(RunUntilRequests(*server, 1));
  server->Send(test::AllowDecision("d1"));
  ASSERT_TRUE(RunUntilRequests(*server, 2));
  EXPECT_EQ(server->Last(Request::kDecisionRequest).decision_request().decision_id(), "d3");
}

TEST_F(DecisionsTest, LastReplicaLost_QueuedDecisionsFail) {
  auto server = Serve("a", OneAtATime());
  Open(Options({"a"}));
  ASSERT_TRUE(RunUntilReady());
  Ask("d1");
  Ask("d2");
  server.reset();
  ASSERT_TRUE(RunUntilReply("d1"));
  ASSERT_TRUE(RunUntilReply("d2"));
  EXPECT_EQ(FailureOf("d2"), ovpn::FailureCause::kUnavailable);
}

TEST_F(DecisionsTest, Load_IsSpreadOverReplicas) {
  const auto a = Serve("a", test::SilentPolicy());
  const auto b = Serve("b", test::SilentPolicy());
  Open(Options({"a", "b"}));
  ASSERT_TRUE(RunUntilReady(2));
  for (int i = 0; i < 10; ++i) Ask("d" + std::to_string(i));
  EXPECT_EQ(Status(0).in_flight, 5u);
  EXPECT_EQ(Status(1).in_flight, 5u);
}

TEST_F(DecisionsTest, Reauth_PrefersTheReplicaThatDecided) {
  const auto a = Serve("a");
  const auto b = Serve("b");
  Open(Options({"a", "b"}));
  ASSERT_TRUE(RunUntilReady(2));
  // The first decision goes to "a"; while "a" is busy the second goes to "b".
  Ask("first");
  Ask("second");
  ASSERT_TRUE(RunUntilReply("first"));
  ASSERT_TRUE(RunUntilReply("second"));
  ASSERT_EQ(replies_["second"][0].replica, Address("b"));
  ovpn::AuthRequest reauth = test::MakeAuthRequest(test::Key(9, 2), ovpn::AuthKind::kReauth);
  reauth.session.last_decision_id = "second";
  requests_.emplace("third", std::move(reauth));
  Ask("third");
  ASSERT_TRUE(RunUntilReply("third"));
  EXPECT_EQ(replies_["third"][0].replica, Address("b"));
}

TEST_F(DecisionsTest, SilentReplica_OpensItsCircuitAndOthersAreAsked) {
  const auto silent = Serve("a", test::SilentPolicy());
  const auto good = Serve("b");
  StreamPolicyOptions options = Options({"a", "b"});
  options.circuit_failures = 1;
  Open(options);
  ASSERT_TRUE(RunUntilReady(2));
  Ask("d1");
  ASSERT_TRUE(RunUntilRequests(*silent, 1));
  Ask("d1", 2);
  ASSERT_TRUE(RunUntilReply("d1"));
  EXPECT_TRUE(Allowed("d1"));
  EXPECT_EQ(Status(0).circuit, CircuitState::kOpen);
  EXPECT_EQ(policy_->counters().circuits_opened, 1u);
  EXPECT_EQ(policy_->counters().hedges, 1u);
  EXPECT_EQ(logger_.Count("POLICY_CIRCUIT_OPENED"), 1);
  for (const std::string id : {"d2", "d3", "d4"}) {
    Ask(id);
    ASSERT_TRUE(RunUntilReply(id));
    EXPECT_EQ(replies_[id][0].replica, Address("b"));
  }
  EXPECT_EQ(silent->Count(Request::kDecisionRequest), 1);
}

TEST_F(DecisionsTest, OpenCircuit_IsAskedWhenThereIsNobodyElse) {
  const auto server = Serve("a", test::SilentPolicy());
  StreamPolicyOptions options = Options({"a"});
  options.circuit_failures = 1;
  options.circuit_open_time = std::chrono::minutes(5);
  Open(options);
  ASSERT_TRUE(RunUntilReady());
  Ask("d1");
  policy_->Cancel("d1", CancelReason::kTimedOut);
  ASSERT_EQ(Status(0).circuit, CircuitState::kOpen);
  Ask("d2");
  ASSERT_TRUE(RunUntilRequests(*server, 2));
  server->Send(test::AllowDecision("d2"));
  ASSERT_TRUE(RunUntilReply("d2"));
  EXPECT_TRUE(Allowed("d2"));
  EXPECT_EQ(Status(0).circuit, CircuitState::kClosed);
  EXPECT_EQ(logger_.Count("POLICY_CIRCUIT_CLOSED"), 1);
}

TEST_F(DecisionsTest, HedgesAreLimited_AndALateAnswerStillCounts) {
  const auto slow = Serve("a", test::SilentPolicy());
  const auto slower = Serve("b", test::SilentPolicy());
  StreamPolicyOptions options = Options({"a", "b"});
  options.circuit_failures = 1000;
  Open(options);
  ASSERT_TRUE(RunUntilReady(2));
  constexpr int kDecisions = 200;
  const auto id = [](int i) { return "d" + std::to_string(i); };
  for (int i = 0; i < kDecisions; ++i) Ask(id(i));
  for (int i = 0; i < kDecisions; ++i) Ask(id(i), 2);
  EXPECT_EQ(policy_->counters().hedges, static_cast<uint64_t>(HedgeBudget::kMaxTokens));
  EXPECT_EQ(policy_->counters().hedges_withheld, kDecisions - policy_->counters().hedges);
  ASSERT_TRUE(RunUntil([&] {
    return slow->Count(Request::kDecisionRequest) + slower->Count(Request::kDecisionRequest) ==
           kDecisions + static_cast<int>(HedgeBudget::kMaxTokens);
  }));
  slow->Send(test::AllowDecision(id(kDecisions - 2)));
  slower->Send(test::AllowDecision(id(kDecisions - 1)));
  ASSERT_TRUE(RunUntilReply(id(kDecisions - 2)));
  ASSERT_TRUE(RunUntilReply(id(kDecisions - 1)));
}

TEST_F(DecisionsTest, CapabilityNotEnabled_IsAnsweredAndTheStreamLives) {
  const auto server = Serve("a");
  Open(Options({"a"}));
  ASSERT_TRUE(RunUntilReady());
  Response command;
  command.mutable_command()->set_command_id("c1");
  command.mutable_command()->mutable_kill_session()->set_session_uid("u1");
  server->Send(command);
  Response extension;
  extension.mutable_deadline_extension()->set_decision_id("d1");
  server->Send(extension);
  ASSERT_TRUE(RunUntil([&] { return server->Count(Request::kMessageRejection) == 1; }));
  const v1::CommandResult result = server->Last(Request::kCommandResult).command_result();
  EXPECT_EQ(result.command_id(), "c1");
  EXPECT_EQ(result.status().code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(server->Last(Request::kMessageRejection).message_rejection().message(),
            "deadline_extension");
  EXPECT_EQ(logger_.Count("POLICY_CAPABILITY_NOT_ENABLED"), 1);
  EXPECT_TRUE(policy_->ready());
}

TEST_F(DecisionsTest, UnknownMessage_IsCountedAndIgnored) {
  const auto server = Serve("a");
  Open(Options({"a"}));
  ASSERT_TRUE(RunUntilReady());
  server->Send(Response());
  ASSERT_TRUE(RunUntil([&] { return policy_->counters().unknown_messages == 1; }));
  EXPECT_TRUE(policy_->ready());
}

TEST_F(DecisionsTest, FloodOfVerdicts_IsSurvived) {
  const auto server = Serve("a");
  Open(Options({"a"}));
  ASSERT_TRUE(RunUntilReady());
  constexpr uint64_t kFlood = 5000;
  for (uint64_t i = 0; i < kFlood; ++i) server->Send(test::AllowDecision("flood"));
  ASSERT_TRUE(RunUntil([&] {
    return policy_->counters().late_verdicts == kFlood || policy_->counters().streams_lost > 0;
  }));
  ASSERT_TRUE(RunUntilReady());
  Ask("d1");
  ASSERT_TRUE(RunUntilReply("d1"));
  EXPECT_TRUE(Allowed("d1"));
}

TEST_F(DecisionsTest, MessageAboveTheLimit_EndsTheStreamAndTheNextOneWorks) {
  const auto server = Serve("a");
  Open(Options({"a"}));
  ASSERT_TRUE(RunUntilReady());
  Response huge;
  huge.mutable_drain()->set_reason(std::string(StreamLimits::kMaxMessageBytes + 1, 'x'));
  server->Send(huge);
  ASSERT_TRUE(RunUntil([&] { return policy_->counters().streams_lost == 1; }));
  EXPECT_TRUE(RunUntilReady());
}

TEST_F(DecisionsTest, DestroyedWithOpenDecisions_RepliesToNobody) {
  const auto server = Serve("a", test::SilentPolicy());
  Open(Options({"a"}));
  ASSERT_TRUE(RunUntilReady());
  for (int i = 0; i < 50; ++i) Ask("d" + std::to_string(i));
  policy_.reset();
  test::RunReady(loop_);
  EXPECT_TRUE(std::all_of(replies_.begin(), replies_.end(),
                          [](const auto& reply) { return reply.second.empty(); }));
}

TEST_F(DecisionsTest, DestroyedFromInsideAReply_IsSafe) {
  const auto server = Serve("a");
  Open(Options({"a"}));
  ASSERT_TRUE(RunUntilReady());
  const ovpn::AuthRequest request = test::MakeAuthRequest(test::Key(1, 1));
  const ovpn::DecisionId id = "d1";
  policy_->Ask({.decision_id = id, .request = request, .timeout = std::chrono::seconds(5)},
               [this](PolicyReply) { policy_.reset(); });
  EXPECT_TRUE(RunUntil([&] { return policy_ == nullptr; }));
  test::RunReady(loop_);
}

}  // namespace
}  // namespace ovpnbroker::policy
