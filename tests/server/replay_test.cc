// Recordings: what is read back, and what a replay says of another policy's verdicts.
#include <gmock/gmock.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "policy/stream/request_codec.h"
#include "policy/stream/verdict_encoder.h"
#include "server/replay/recorded_request.h"
#include "server/replay/recording_file.h"
#include "server/replay/redact_verdict.h"
#include "server/replay/replayer.h"
#include "tests/support/auth_request_builder.h"
#include "tests/support/fake_policy.h"
#include "tests/support/manual_clock.h"
#include "tests/support/status_matchers.h"

namespace ovpnbroker::server {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

ovpn::AuthRequest Question(ovpn::AuthKind kind = ovpn::AuthKind::kConnect) {
  ovpn::AuthRequest request = test::MakeAuthRequest(test::Key(7, 3), kind);
  ovpn::Environment::Builder environment;
  environment.Add("common_name", "alice");
  environment.Add("IV_PLAT", "linux");
  environment.Add("X509_0_OU", "\xff");
  request.environment = std::make_shared<const ovpn::Environment>(environment.Build());
  request.session.identity = ovpn::ClientIdentity::FromEnvironment(*request.environment);
  request.token_state = ovpn::TokenState::kExpired;
  request.receive_time = ovpn::WallTime(std::chrono::milliseconds(1'700'000'000'250));
  return request;
}

admin::v1::RecordedDecision Recorded(const ovpn::Verdict& verdict,
                                     ovpn::AuthKind kind = ovpn::AuthKind::kConnect) {
  admin::v1::RecordedDecision recorded;
  *recorded.mutable_request() = policy::MakeDecisionRequest(
      {.decision_id = "recorded-id", .timeout = {}}, Question(kind), {});
  *recorded.mutable_decision() = policy::VerdictToProto(RedactVerdict(verdict));
  return recorded;
}

ovpn::Allow AllowRoute(const char* destination) {
  ovpn::Allow allow;
  allow.config.routes = {{ovpn::IpPrefix::Parse(destination).value(), std::nullopt, std::nullopt}};
  return allow;
}

TEST(RecordedRequest, IsWhatWasAsked) {
  const ovpn::AuthRequest asked = Question(ovpn::AuthKind::kReauth);
  const ovpn::AuthRequest read = RequestFromProto(
      policy::MakeDecisionRequest({.decision_id = "d1", .timeout = {}}, asked, {}));
  EXPECT_EQ(read.kind, asked.kind);
  EXPECT_EQ(read.session.uid, asked.session.uid);
  EXPECT_EQ(ovpn::ToString(read.key), ovpn::ToString(asked.key));
  EXPECT_EQ(read.session.identity->common_name, "alice");
  EXPECT_EQ(read.session.identity->platform, "linux");
  EXPECT_EQ(read.environment->GetOrEmpty("X509_0_OU"), "\xff");
  EXPECT_EQ(read.token_state, asked.token_state);
  EXPECT_EQ(read.receive_time, asked.receive_time);
  EXPECT_FALSE(read.password.has_value());
}

TEST(RecordingFile, Lines_AreReadBack) {
  const auto decision = Recorded(AllowRoute("192.168.0.0/16"));
  const std::string text = absl::StrCat(RecordingHeader(), "\n", RecordingLine(decision), "\n");
  const auto read = ParseRecording(text, "f");
  ASSERT_TRUE(read.ok()) << read.status();
  ASSERT_THAT(*read, SizeIs(1));
  EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals((*read)[0], decision));
}

TEST(RecordingFile, CutLastLine_IsIgnoredAndOnlyThere) {
  const std::string line = RecordingLine(Recorded(ovpn::Deny()));
  const std::string start = absl::StrCat(RecordingHeader(), "\n", line, "\n");
  const std::string cut = line.substr(0, line.size() / 2);
  EXPECT_THAT(ParseRecording(start + cut, "f").value(), SizeIs(1));
  const auto broken = ParseRecording(absl::StrCat(start, cut, "\n", line, "\n"), "f");
  EXPECT_THAT(std::string(broken.status().message()), HasSubstr("f:3: "));
}

TEST(RecordingFile, OtherFiles_AreRefused) {
  for (const char* text : {"", "{}\n", "{\"format\":\"other\",\"version\":1}\n", "rules: []\n"}) {
    EXPECT_THAT(std::string(ParseRecording(text, "f").status().message()),
                HasSubstr("f:1: this is no recording"))
        << text;
  }
  EXPECT_THAT(
      std::string(ParseRecording("{\"format\":\"ovpn-broker-recording\",\"version\":2}\n", "f")
                      .status()
                      .message()),
      HasSubstr("version"));
}

class ReplayerTest : public testing::Test {
 protected:
  void Replay(Replayer::Recording recording, ReplayOptions options = {}) {
    recording_ = std::move(recording);
    replayer_ =
        std::make_unique<Replayer>(clock_, policy_, recording_, options, [this] { ++done_; });
    replayer_->Start();
  }
  void AnswerAtOnce(const ovpn::Verdict& verdict) {
    policy_.OnAsk([verdict](const policy::Inquiry&, const policy::Policy::ReplyCallback& reply) {
      reply({verdict, "", "", {}});
    });
  }
  const ReplayReport& report() const { return replayer_->report(); }

  test::ManualClock clock_;
  test::FakePolicy policy_;
  Replayer::Recording recording_;
  std::unique_ptr<Replayer> replayer_;
  int done_ = 0;
};

TEST_F(ReplayerTest, SameVerdicts_AreTheSame) {
  const ovpn::Allow allow = AllowRoute("192.168.0.0/16");
  AnswerAtOnce(allow);
  Replay({Recorded(allow), Recorded(allow)}, {.concurrency = 1, .allowed_raw = {}});
  EXPECT_EQ(done_, 1);
  EXPECT_EQ(report().same, 2u);
  EXPECT_THAT(report().differences, IsEmpty());
  EXPECT_NE(policy_.asked()[0].decision_id, "recorded-id");
  EXPECT_NE(policy_.asked()[0].decision_id, policy_.asked()[1].decision_id);
}

TEST_F(ReplayerTest, OtherRoute_IsToldAsFieldAndAsLine) {
  AnswerAtOnce(AllowRoute("10.9.0.0/16"));
  Replay({Recorded(AllowRoute("192.168.0.0/16"))});
  ASSERT_THAT(report().differences, SizeIs(1));
  const ReplayDifference& difference = report().differences[0];
  ASSERT_THAT(difference.fields, SizeIs(1));
  EXPECT_EQ(difference.fields[0].field, "allow.config.routes[0]");
  EXPECT_THAT(difference.lines_gone, ElementsAre("push \"route 192.168.0.0 255.255.0.0\""));
  EXPECT_THAT(difference.lines_new, ElementsAre("push \"route 10.9.0.0 255.255.0.0\""));
}

TEST_F(ReplayerTest, HiddenOption_IsComparedByName) {
  ovpn::Allow before;
  before.config.push_options = {"setenv PROXY_PASSWORD old"};
  ovpn::Allow after;
  after.config.push_options = {"setenv PROXY_PASSWORD new"};
  AnswerAtOnce(after);
  Replay({Recorded(before)});
  EXPECT_EQ(report().same, 1u);
}

TEST_F(ReplayerTest, Reauth_ConfigurationDoesNotCount) {
  AnswerAtOnce(AllowRoute("10.9.0.0/16"));
  Replay({Recorded(ovpn::Allow(), ovpn::AuthKind::kReauth)});
  EXPECT_EQ(report().same, 1u);
}

TEST_F(ReplayerTest, VerdictThatTheBrokerWouldRefuse_HasFailed) {
  ovpn::Allow allow;
  allow.config.raw_directives = {"vlan-pvid 7"};
  AnswerAtOnce(allow);
  Replay({Recorded(ovpn::Allow())});
  EXPECT_EQ(report().failed, 1u);
  ASSERT_THAT(report().differences, SizeIs(1));
  EXPECT_THAT(report().differences[0].failure, HasSubstr("allow.config.raw_directives[0]"));
}

TEST_F(ReplayerTest, NoVerdict_TimesOutAndGoesOn) {
  Replay({Recorded(ovpn::Allow()), Recorded(ovpn::Deny())},
         {.concurrency = 1, .timeout = std::chrono::seconds(2), .allowed_raw = {}});
  EXPECT_THAT(policy_.asked(), SizeIs(1));
  clock_.Advance(std::chrono::seconds(2));
  EXPECT_EQ(replayer_->NextDeadline(), clock_.Now());
  replayer_->OnDeadline();
  EXPECT_THAT(policy_.cancelled(), SizeIs(1));
  ASSERT_THAT(policy_.asked(), SizeIs(2));
  EXPECT_EQ(done_, 0);
  policy_.Reply(1, ovpn::Deny());
  policy_.Reply(0, ovpn::Allow());  // too late
  EXPECT_EQ(done_, 1);
  EXPECT_EQ(report().failed, 1u);
  EXPECT_EQ(report().same, 1u);
  EXPECT_THAT(report().latencies, SizeIs(1));
}

TEST_F(ReplayerTest, Concurrency_BoundsWhatIsOpen) {
  Replay({Recorded(ovpn::Deny()), Recorded(ovpn::Deny()), Recorded(ovpn::Deny())},
         {.concurrency = 2, .allowed_raw = {}});
  EXPECT_THAT(policy_.asked(), SizeIs(2));
  policy_.Reply(1, ovpn::Deny());
  EXPECT_THAT(policy_.asked(), SizeIs(3));
}

TEST_F(ReplayerTest, GoneBeforeItsReply_IsSafe) {
  Replay({Recorded(ovpn::Deny())});
  replayer_.reset();
  policy_.Reply(0, ovpn::Deny());
  EXPECT_EQ(done_, 0);
}

}  // namespace
}  // namespace ovpnbroker::server
