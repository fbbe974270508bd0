// How a stream begins and ends: Hello, HelloAck, silence, garbage, drain, reconnect.
#include "policy/stream/request_codec.h"
#include "tests/policy/stream/stream_fixture.h"
#include "tests/support/auth_request_builder.h"

namespace ovpnbroker::policy {
namespace {

using HandshakeTest = StreamFixture;

TEST_F(HandshakeTest, GoodPolicy_BecomesReady) {
  test::PolicyScript script;
  script.ack->set_policy_id("replica-a");
  script.ack->set_policy_revision("r7");
  script.ack->set_max_in_flight(3);
  const auto server = Serve("a", script);
  Open(Options({"a"}));
  EXPECT_FALSE(policy_->ready());
  ASSERT_TRUE(RunUntilReady());
  EXPECT_TRUE(policy_->ready());
  const ReplicaStatus status = Status(0);
  EXPECT_EQ(status.policy_id, "replica-a");
  EXPECT_EQ(status.revision, "r7");
  EXPECT_EQ(status.max_in_flight, 3);
  EXPECT_EQ(status.last_error, "");
  EXPECT_EQ(logger_.Count("POLICY_STREAM_READY"), 1);
}

TEST_F(HandshakeTest, Hello_SaysWhoAsksAndWhatIsOffered) {
  const auto server = Serve("a");
  StreamPolicyOptions options = Options({"a"});
  options.grant_password = true;
  options.max_in_flight = 17;
  Open(options);
  ASSERT_TRUE(RunUntilReady());
  const v1::Hello hello = server->Last(Request::kHello).hello();
  EXPECT_EQ(hello.broker_id(), "broker-1");
  EXPECT_EQ(hello.broker_epoch(), "epoch-1");
  EXPECT_EQ(hello.policy(), "corp");
  EXPECT_EQ(hello.mode(), v1::MODE_ENFORCE);
  EXPECT_EQ(hello.max_in_flight(), 17);
  ASSERT_EQ(hello.capabilities_size(), 3);
  EXPECT_EQ(hello.capabilities(0), v1::CAPABILITY_PENDING_AUTH);
  EXPECT_EQ(hello.capabilities(1), v1::CAPABILITY_DRY_RUN);
  EXPECT_EQ(hello.capabilities(2), v1::CAPABILITY_PASSWORD);
}

// Requests are dry runs where no verdict counts or nobody waits for this one, and only for a policy
// that said it knows them.
TEST_F(HandshakeTest, DryRun_NeedsTheCapabilityAndAVerdictThatDoesNotCount) {
  const ovpn::AuthRequest request = test::MakeAuthRequest(test::Key(0, 1));
  for (const StreamMode mode : {StreamMode::kEnforce, StreamMode::kShadow}) {
    for (const bool asked_for : {false, true}) {
      StreamPolicyOptions options = Options({"a"});
      options.mode = mode;
      const RequestHead head{.decision_id = "d1", .dry_run = asked_for, .timeout = {}};
      v1::HelloAck ack;
      EXPECT_FALSE(MakeDecisionRequest(head, request, NegotiateTerms(options, ack)).dry_run());
      ack.add_capabilities(v1::CAPABILITY_DRY_RUN);
      EXPECT_EQ(MakeDecisionRequest(head, request, NegotiateTerms(options, ack)).dry_run(),
                asked_for || mode == StreamMode::kShadow);
    }
  }
}

TEST_F(HandshakeTest, NoHelloAck_GivesUpAndTriesAgain) {
  test::PolicyScript script;
  script.ack.reset();
  const auto server = Serve("a", script);
  StreamPolicyOptions options = Options({"a"});
  options.timings.handshake_timeout = std::chrono::milliseconds(50);
  Open(options);
  ASSERT_TRUE(RunUntil([&] { return server->Count(Request::kHello) >= 2; }));
  EXPECT_FALSE(policy_->ready());
  EXPECT_EQ(logger_.Count("POLICY_STREAM_UNREACHABLE"), 1);
  EXPECT_GE(policy_->counters().failed_dials, 1u);
}

TEST_F(HandshakeTest, GarbageFirst_IsAProtocolError) {
  test::PolicyScript script;
  script.first_message.emplace();
  *script.first_message->mutable_decision() = test::AllowDecision("d1");
  const auto server = Serve("a", script);
  Open(Options({"a"}));
  ASSERT_TRUE(RunUntil([&] { return policy_->counters().protocol_errors >= 2; }));
  EXPECT_FALSE(policy_->ready());
  EXPECT_TRUE(logger_.Mentions("the first message was not HelloAck"));
}

TEST_F(HandshakeTest, SecondHelloAck_IsAProtocolError) {
  const auto server = Serve("a");
  Open(Options({"a"}));
  ASSERT_TRUE(RunUntilReady());
  Response again;
  again.mutable_hello_ack();
  server->Send(again);
  ASSERT_TRUE(RunUntil([&] { return policy_->counters().protocol_errors == 1; }));
  ASSERT_TRUE(RunUntilReady());
  EXPECT_EQ(logger_.Count("POLICY_STREAM_LOST"), 1);
}

TEST_F(HandshakeTest, NobodyListens_IsSaidOnceAndTriedAgain) {
  Open(Options({"a"}));
  ASSERT_TRUE(RunUntil([&] { return policy_->counters().failed_dials >= 3; }));
  EXPECT_EQ(logger_.Count("POLICY_STREAM_UNREACHABLE"), 1);
  EXPECT_NE(Status(0).last_error, "");
  const auto server = Serve("a");
  EXPECT_TRUE(RunUntilReady());
}

TEST_F(HandshakeTest, ServerComesBack_IsReadyAgain) {
  auto server = Serve("a");
  Open(Options({"a"}));
  ASSERT_TRUE(RunUntilReady());
  server.reset();
  ASSERT_TRUE(RunUntil([&] { return !policy_->ready(); }));
  EXPECT_EQ(policy_->counters().streams_lost, 1u);
  server = Serve("a");
  ASSERT_TRUE(RunUntilReady());
  Ask("d1");
  ASSERT_TRUE(RunUntilReply("d1"));
  EXPECT_TRUE(Allowed("d1"));
}

TEST_F(HandshakeTest, SilentStream_GetsHeartbeatsAndLives) {
  const auto server = Serve("a");
  StreamPolicyOptions options = Options({"a"});
  options.timings.heartbeat_interval = std::chrono::milliseconds(20);
  Open(options);
  ASSERT_TRUE(RunUntil([&] { return server->Count(Request::kHeartbeat) >= 6; }));
  EXPECT_EQ(policy_->counters().streams_lost, 0u);
  EXPECT_EQ(server->Count(Request::kHello), 1);
}

TEST_F(HandshakeTest, HeartbeatsNotEchoed_StreamIsGivenUp) {
  test::PolicyScript script;
  script.echo_heartbeats = false;
  const auto server = Serve("a", script);
  StreamPolicyOptions options = Options({"a"});
  options.timings.heartbeat_interval = std::chrono::milliseconds(10);
  Open(options);
  ASSERT_TRUE(RunUntil([&] { return policy_->counters().streams_lost >= 1; }));
  EXPECT_TRUE(logger_.Mentions("has not answered heartbeats"));
}

TEST_F(HandshakeTest, PolicyDrains_OpenDecisionsFinishFirst) {
  const auto server = Serve("a", test::SilentPolicy());
  const auto other = Serve("b");
  Open(Options({"a", "b"}));
  ASSERT_TRUE(RunUntilReady(2));
  Ask("d1");
  ASSERT_TRUE(RunUntil([&] { return server->Count(Request::kDecisionRequest) == 1; }));
  Response drain;
  drain.mutable_drain()->set_reason("update");
  server->Send(drain);
  ASSERT_TRUE(RunUntil([&] { return Status(0).state == ReplicaState::kDraining; }));
  Ask("d2");
  ASSERT_TRUE(RunUntilReply("d2"));
  EXPECT_EQ(replies_["d2"][0].replica, Address("b"));
  server->Send(test::AllowDecision("d1"));
  ASSERT_TRUE(RunUntilReply("d1"));
  EXPECT_TRUE(Allowed("d1"));
  ASSERT_TRUE(RunUntil([&] { return server->half_closed_streams() == 1; }));
  ASSERT_TRUE(RunUntil([&] { return server->Count(Request::kHello) == 2; }));
  EXPECT_EQ(policy_->counters().streams_lost, 0u);
}

TEST_F(HandshakeTest, BrokerDrains_StreamEndsInGoodOrder) {
  const auto server = Serve("a");
  Open(Options({"a"}));
  ASSERT_TRUE(RunUntilReady());
  policy_->Drain();
  EXPECT_FALSE(policy_->ready());
  ASSERT_TRUE(RunUntil([&] { return policy_->drained(); }));
  EXPECT_EQ(server->Count(Request::kDrain), 1);
  EXPECT_EQ(server->half_closed_streams(), 1);
  EXPECT_EQ(server->Count(Request::kHello), 1);
}

TEST_F(HandshakeTest, DestroyedAtOnce_LeavesNothing) {
  const auto server = Serve("a");
  Open(Options({"a", "nobody"}));
  policy_.reset();
  test::RunReady(loop_);
}

TEST_F(HandshakeTest, BadAddresses_AreRefused) {
  const auto refusal = [&](std::vector<std::string> addresses, bool insecure) {
    StreamPolicyOptions options = Options({});
    options.addresses = std::move(addresses);
    options.insecure = insecure;
    return StreamPolicy::Create(loop_, clock_, logger_, options).status();
  };
  EXPECT_FALSE(refusal({}, true).ok());
  EXPECT_FALSE(refusal({"unix:relative"}, true).ok());
  EXPECT_FALSE(refusal({"unix:/" + std::string(120, 'x')}, true).ok());
  EXPECT_FALSE(refusal({"unix:/a", "unix:/a"}, true).ok());
  EXPECT_FALSE(refusal({"127.0.0.1:50051"}, false).ok());
  EXPECT_FALSE(refusal({"192.0.2.1:50051"}, true).ok());
  EXPECT_FALSE(refusal({"localhost:50051"}, true).ok());
  EXPECT_FALSE(refusal({"127.0.0.1:0"}, true).ok());
  EXPECT_FALSE(refusal({"::1:50051"}, true).ok());
  EXPECT_TRUE(refusal({"127.0.0.1:9", "[::1]:9"}, true).ok());
}

}  // namespace
}  // namespace ovpnbroker::policy
