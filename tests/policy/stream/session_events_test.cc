// Session events and commands on real streams.
#include <gmock/gmock.h>

#include "absl/strings/str_cat.h"
#include "tests/policy/stream/stream_fixture.h"
#include "tests/support/fake_session_access.h"

namespace ovpnbroker::policy {
namespace {

class SessionEventsTest : public StreamFixture {
 protected:
  ~SessionEventsTest() override { policy_.reset(); }  // before the sessions that it reads

  void OpenWithSessions() {
    StreamPolicyOptions options = Options({"a"});
    options.sessions = &sessions_;
    options.instances = {"office"};
    options.grant_commands = true;
    Open(std::move(options));
  }
  static test::PolicyScript Script(std::optional<int64_t> resume_from = std::nullopt) {
    test::PolicyScript script;
    script.ack->add_capabilities(v1::CAPABILITY_SESSION_EVENTS);
    script.ack->add_capabilities(v1::CAPABILITY_EVENT_REPLAY);
    script.ack->add_capabilities(v1::CAPABILITY_COMMANDS);
    if (resume_from.has_value()) {
      script.ack->mutable_resume_from()->set_broker_epoch("run-1");
      script.ack->mutable_resume_from()->set_sequence(*resume_from);
    }
    return script;
  }
  static Response KillCommand() {
    Response command;
    command.mutable_command()->set_command_id("c1");
    command.mutable_command()->mutable_kill_session()->set_session_uid("a");
    command.mutable_command()->mutable_kill_session()->set_reason("quota");
    return command;
  }
  // Sequences of the events of one kind.
  static std::vector<int64_t> Sequences(const test::ScriptedPolicy& server,
                                        v1::SessionEvent::Kind kind) {
    std::vector<int64_t> sequences;
    for (const Request& message : server.Received()) {
      if (message.has_session_event() && message.session_event().kind() == kind)
        sequences.push_back(message.session_event().cursor().sequence());
    }
    return sequences;
  }
  bool RunUntilLast(const test::ScriptedPolicy& server, v1::SessionEvent::Kind kind) {
    return RunUntil(
        [&] { return server.Last(Request::kSessionEvent).session_event().kind() == kind; });
  }

  test::FakeSessionAccess sessions_{clock_};
};

TEST_F(SessionEventsTest, Burst_ArrivesWholeAndInOrder) {
  constexpr int kSessions = 2000;  // many times the window
  const auto server = Serve("a", Script());
  OpenWithSessions();
  ASSERT_TRUE(RunUntilLast(*server, v1::SessionEvent::KIND_SNAPSHOT_COMPLETE));
  for (int i = 0; i < kSessions; ++i) sessions_.Establish(absl::StrCat("s", i));
  ASSERT_TRUE(RunUntil([&] { return server->Count(Request::kSessionEvent) == kSessions + 1; }));
  const std::vector<int64_t> got = Sequences(*server, v1::SessionEvent::KIND_ESTABLISHED);
  for (int i = 0; i < kSessions; ++i) ASSERT_EQ(got[static_cast<size_t>(i)], i + 1);
  EXPECT_EQ(policy_->Replicas()[0].event_lag, kSessions);
  Response ack;
  ack.mutable_event_ack()->mutable_cursor()->set_broker_epoch("run-1");
  ack.mutable_event_ack()->mutable_cursor()->set_sequence(kSessions);
  server->Send(ack);
  EXPECT_TRUE(RunUntil([&] { return policy_->Replicas()[0].event_lag == 0; }));
}

TEST_F(SessionEventsTest, StreamCut_ResumesAtTheCursor) {
  auto server = Serve("a", Script());
  OpenWithSessions();
  sessions_.Establish("a");
  ASSERT_TRUE(RunUntil([&] { return server->Count(Request::kSessionEvent) >= 2; }));
  server.reset();
  sessions_.Establish("b");
  sessions_.End("a");
  server = Serve("a", Script(1));
  ASSERT_TRUE(RunUntilLast(*server, v1::SessionEvent::KIND_DISCONNECTED));
  EXPECT_EQ(server->Count(Request::kSessionEvent), 2);
  EXPECT_THAT(Sequences(*server, v1::SessionEvent::KIND_ESTABLISHED), testing::ElementsAre(2));
}

TEST_F(SessionEventsTest, NotAskedFor_NothingIsSent) {
  const auto server = Serve("a");
  OpenWithSessions();
  ASSERT_TRUE(RunUntilReady());
  sessions_.Establish("a");
  Ask("d1");
  ASSERT_TRUE(RunUntilReply("d1"));
  EXPECT_EQ(server->Count(Request::kSessionEvent), 0);
}

TEST_F(SessionEventsTest, Command_KillsAndIsAnsweredOnItsStream) {
  const auto server = Serve("a", Script());
  OpenWithSessions();
  ASSERT_TRUE(RunUntilReady());
  sessions_.Establish("a");
  server->Send(KillCommand());
  ASSERT_TRUE(RunUntil([&] { return !sessions_.kills.empty(); }));
  sessions_.kills[0].done(absl::OkStatus());
  ASSERT_TRUE(RunUntil([&] { return server->Count(Request::kCommandResult) == 1; }));
  const v1::CommandResult result = server->Last(Request::kCommandResult).command_result();
  EXPECT_EQ(result.command_id(), "c1");
  EXPECT_EQ(result.status().code(), grpc::StatusCode::OK);
}

TEST_F(SessionEventsTest, PolicyDestroyedWhileAKillIsUnderWay_NobodyIsCalled) {
  const auto server = Serve("a", Script());
  OpenWithSessions();
  ASSERT_TRUE(RunUntilReady());
  sessions_.Establish("a");
  server->Send(KillCommand());
  ASSERT_TRUE(RunUntil([&] { return !sessions_.kills.empty(); }));
  policy_.reset();
  sessions_.kills[0].done(absl::OkStatus());
  sessions_.Establish("b");
}

}  // namespace
}  // namespace ovpnbroker::policy
