#include "ovpn/instance/sessions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/ovpn/instance/sessions_fixture.h"
#include "tests/support/manual_clock.h"
#include "tests/support/recording_logger.h"

namespace ovpnbroker::ovpn {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;
using Status = AnswerReceipt::Status;

constexpr char kStatusHeader[] =
    "HEADER\tCLIENT_LIST\tCommon Name\tReal Address\tVirtual Address\tVirtual IPv6 Address\tBytes "
    "Received\t"
    "Bytes Sent\tConnected Since\tConnected Since (time_t)\tUsername\tClient ID\tPeer ID\tData "
    "Channel Cipher";

std::string StatusRow(const std::string& name, const std::string& real,
                      const std::string& virtual_address, int cid) {
  return absl::StrCat("CLIENT_LIST\t", name, "\t", real, "\t", virtual_address,
                      "\t\t100\t200\tnow\t1800000000\t", name, "\t", cid, "\t0\tAES-256-GCM");
}

InstanceConfig Config() {
  InstanceConfig config(*ManagementAddress::Unix("/run/office.sock"));
  config.name = "office";
  return config;
}

class SessionsTest : public ::testing::Test {
 protected:
  void TearDown() override { test::ExpectCountsOfStates(sessions_.table()); }

  void Connect(uint64_t cid, uint32_t kid, bool reauth = false) {
    Environment::Builder environment;
    environment.Add("common_name", "alice");
    environment.Add("username", "alice");
    environment.Add("untrusted_ip", "192.0.2.7");
    environment.Add("untrusted_port", absl::StrCat(50000 + cid));
    environment.Add("IV_PROTO", "990");
    sessions_.OnEvent(
        ClientConnect{reauth, Cid{cid}, Kid{kid}, environment.Build(), Secret("sesame")});
  }
  AnswerReceipt Answer(const KeyRef& key, const Verdict& verdict) {
    return sessions_.Answer(key, verdict, {"rules", "decision-1"});
  }
  KeyRef LastKey() const { return sink_.requests.back().key; }
  // A client that asked for `address` and waits for ESTABLISHED.
  KeyRef Authorized(uint64_t cid, const std::string& address) {
    Connect(cid, 1);
    const KeyRef key = LastKey();
    EXPECT_EQ(Answer(key, AllowWith(address)).status, Status::kQueued);
    ReplyAll();
    return key;
  }
  static Allow AllowWith(const std::string& address) {
    Allow allow;
    allow.config.ifconfig_push =
        IfconfigPush{*IpAddress::Parse(address), *IpAddress::Parse("255.255.255.0")};
    return allow;
  }
  void ReplyAll() {
    while (!channel_.waiting.empty()) channel_.Reply(true);
  }
  const Session& LastChange() const { return sink_.changes.back(); }

  test::ManualClock clock_;
  test::RecordingLogger logger_;
  test::RecordingSink sink_;
  test::FakeChannel channel_;
  InstanceConfig config_ = Config();
  Sessions sessions_{config_, DirectivePolicy(), channel_, clock_, sink_, logger_};
};

TEST_F(SessionsTest, Connect_NewClient_AsksWithIdentityPasswordAndEpoch) {
  Connect(0, 1);
  ASSERT_THAT(sink_.requests, SizeIs(1));
  const AuthRequest& request = sink_.requests[0];
  EXPECT_EQ(request.kind, AuthKind::kConnect);
  EXPECT_EQ(request.key.client, (ClientRef{"office", sessions_.epoch(), Cid{0}}));
  EXPECT_EQ(request.session.identity->common_name, "alice");
  EXPECT_EQ(request.password->Reveal(), "sesame");
  EXPECT_EQ(request.environment->GetOrEmpty("untrusted_port"), "50000");
}

TEST_F(SessionsTest, Answer_Allow_IsOneWriteOfBlockAndKick) {
  Connect(0, 1);
  ASSERT_EQ(Answer(LastKey(), AllowWith("10.8.0.9")).status, Status::kQueued);
  ASSERT_THAT(channel_.writes, SizeIs(1));
  EXPECT_EQ(channel_.writes[0],
            "client-auth 0 1\nifconfig-push 10.8.0.9 255.255.255.0\nEND\nclient-pending-auth 0 1 "
            "\"\" 60\n");
  EXPECT_EQ(LastChange().state, SessionState::kAuthorized);
  EXPECT_EQ(LastChange().policy, "rules");
}

TEST_F(SessionsTest, Answer_PromptVerdictOff_SendsNoKick) {
  config_.prompt_verdict = false;
  Connect(0, 1);
  Answer(LastKey(), Allow{});
  EXPECT_THAT(channel_.writes, ElementsAre("client-auth-nt 0 1\n"));
}

TEST_F(SessionsTest, Answer_Success_IsWrittenThenVerifiedByAddress) {
  const KeyRef key = Authorized(0, "10.8.0.9");
  sessions_.OnEvent(ClientAddress{Cid{0}, "10.8.0.9", true});
  sessions_.OnEvent(ClientEstablished{Cid{0}, {}});
  ASSERT_THAT(sink_.outcomes, SizeIs(2));
  EXPECT_EQ(sink_.outcomes[0].outcome, AnswerOutcome::kWritten);
  EXPECT_EQ(sink_.outcomes[1].outcome, AnswerOutcome::kVerified);
  EXPECT_EQ(sink_.outcomes[1].key, key);
  EXPECT_EQ(LastChange().state, SessionState::kEstablished);
}

TEST_F(SessionsTest, Life_EachStepIsReportedAsWhatItIsAndAnOutcomeBeforeItsSession) {
  Authorized(0, "10.8.0.9");
  sessions_.OnEvent(ClientAddress{Cid{0}, "10.8.0.9", true});
  sessions_.OnEvent(ClientEstablished{Cid{0}, {}});
  sessions_.OnEvent(ClientAddress{Cid{0}, "fd00::9", true});
  Connect(0, 2, true);
  Answer(LastKey(), Allow{});
  sessions_.OnEvent(ClientDisconnect{Cid{0}, {}});
  EXPECT_THAT(sink_.order, ElementsAre("ASKED", "AUTHORIZED", "outcome", "outcome", "ESTABLISHED",
                                       "ADDRESS_LEARNED", "REAUTHENTICATED", "ENDED"));
}

TEST_F(SessionsTest, Disconnect_HasTheLastByteCounts) {
  Authorized(0, "10.8.0.9");
  sessions_.OnByteCount({Cid{0}, 10, 20});
  Environment::Builder environment;
  environment.Add("bytes_received", "1234");
  environment.Add("bytes_sent", "5678901234");
  sessions_.OnEvent(ClientDisconnect{Cid{0}, environment.Build()});
  EXPECT_EQ(LastChange().received_bytes, 1234U);
  EXPECT_EQ(LastChange().sent_bytes, 5678901234U);
}

TEST_F(SessionsTest, Established_OtherAddress_IsAMismatchAndKilled) {
  Authorized(0, "10.8.0.9");
  sessions_.OnEvent(ClientAddress{Cid{0}, "10.8.0.2", true});
  sessions_.OnEvent(ClientEstablished{Cid{0}, {}});
  EXPECT_EQ(sink_.outcomes.back().outcome, AnswerOutcome::kMismatched);
  EXPECT_EQ(sink_.outcomes.back().detail, "asked for 10.8.0.9, got 10.8.0.2");
  EXPECT_THAT(channel_.writes.back(), StartsWith("client-kill 0 \"HALT"));
}

TEST_F(SessionsTest, Established_MismatchTolerated_IsNotKilled) {
  config_.address_mismatch = AddressMismatch::kTolerate;
  Authorized(0, "10.8.0.9");
  sessions_.OnEvent(ClientEstablished{Cid{0}, {}});
  EXPECT_EQ(sink_.outcomes.back().outcome, AnswerOutcome::kMismatched);
  EXPECT_THAT(channel_.waiting, IsEmpty());
}

TEST_F(SessionsTest, Established_WithoutOurAllow_IsKilled) {
  sessions_.OnEvent(ClientEstablished{Cid{3}, {}});
  EXPECT_EQ(logger_.Count("SESSION_WITHOUT_VERDICT"), 1);
  EXPECT_THAT(channel_.writes, ElementsAre(StartsWith("client-kill 3 \"HALT")));
  EXPECT_EQ(sessions_.table().size(), 0U);
}

TEST_F(SessionsTest, Answer_InvalidVerdict_IsRejectedAndTheKeyStillWaits) {
  Connect(0, 1);
  Allow hostile;
  hostile.config.raw_directives = {"config /etc/shadow"};
  const AnswerReceipt receipt = Answer(LastKey(), hostile);
  EXPECT_EQ(receipt.status, Status::kRejected);
  ASSERT_THAT(receipt.violations, SizeIs(1));
  EXPECT_THAT(receipt.violations[0].field, HasSubstr("raw_directives[0]"));
  EXPECT_THAT(channel_.writes, IsEmpty());
  EXPECT_EQ(Answer(LastKey(), Deny{"no", "", "", std::nullopt}).status, Status::kQueued);
}

TEST_F(SessionsTest, Answer_Twice_SecondIsGone) {
  Connect(0, 1);
  Answer(LastKey(), Allow{});
  EXPECT_EQ(Answer(LastKey(), Deny{}).status, Status::kGone);
  EXPECT_THAT(channel_.writes, SizeIs(1));
}

TEST_F(SessionsTest, Answer_AfterEpochMoved_IsGoneEvenIfTheNumbersMatch) {
  Connect(0, 1);
  const KeyRef old_key = LastKey();
  sessions_.BeginEpoch("SIGUSR1");
  Connect(0, 1);
  ASSERT_NE(LastKey(), old_key);
  EXPECT_EQ(Answer(old_key, Allow{}).status, Status::kGone);
  EXPECT_THAT(channel_.writes, IsEmpty());
  ASSERT_THAT(sink_.withdrawals, SizeIs(1));
  EXPECT_EQ(sink_.withdrawals[0].reason, WithdrawReason::kInstanceStopped);
}

TEST_F(SessionsTest, Connect_NumbersStartOverUnannounced_MovesTheEpoch) {
  Connect(0, 1);
  const Epoch before = sessions_.epoch();
  Connect(0, 1);
  EXPECT_GT(sessions_.epoch(), before);
  EXPECT_THAT(sink_.requests, SizeIs(2));
  EXPECT_EQ(logger_.Count("EPOCH_MOVED"), 1);
}

TEST_F(SessionsTest, Connect_NewerKid_SupersedesTheOlderQuestion) {
  Connect(0, 1);
  const KeyRef old_key = LastKey();
  Connect(0, 2);
  ASSERT_THAT(sink_.withdrawals, SizeIs(1));
  EXPECT_EQ(sink_.withdrawals[0].key, old_key);
  EXPECT_EQ(sink_.withdrawals[0].reason, WithdrawReason::kSuperseded);
  EXPECT_EQ(Answer(old_key, Allow{}).status, Status::kGone);
}

TEST_F(SessionsTest, Reauth_Allow_SendsNoBlockAndKeepsTheSession) {
  Authorized(0, "10.8.0.9");
  sessions_.OnEvent(ClientAddress{Cid{0}, "10.8.0.9", true});
  sessions_.OnEvent(ClientEstablished{Cid{0}, {}});
  Connect(0, 3, /*reauth=*/true);
  EXPECT_EQ(sink_.requests.back().kind, AuthKind::kReauth);
  ASSERT_EQ(Answer(LastKey(), AllowWith("10.8.0.77")).status, Status::kQueued);
  EXPECT_THAT(channel_.writes.back(), StartsWith("client-auth-nt 0 3\n"));
  EXPECT_EQ(LastChange().state, SessionState::kEstablished);
}

TEST_F(SessionsTest, Disconnect_WhilePending_WithdrawsTheQuestion) {
  Connect(0, 1);
  sessions_.OnEvent(ClientDisconnect{Cid{0}, {}});
  ASSERT_THAT(sink_.withdrawals, SizeIs(1));
  EXPECT_EQ(sink_.withdrawals[0].reason, WithdrawReason::kClientGone);
  EXPECT_EQ(LastChange().state, SessionState::kEnded);
  EXPECT_EQ(Answer(LastKey(), Allow{}).status, Status::kGone);
}

TEST_F(SessionsTest, Disable_DisconnectThenEstablished_LeavesNoGhostAndKillsNobody) {
  Authorized(0, "10.8.0.9");
  sessions_.OnEvent(ClientDisconnect{Cid{0}, {}});
  sessions_.OnEvent(ClientEstablished{Cid{0}, {}});
  EXPECT_EQ(sessions_.table().size(), 0U);
  EXPECT_THAT(channel_.waiting, IsEmpty());
}

TEST_F(SessionsTest, Answer_OpenvpnSaysError_IsNotEnforcedAndLogged) {
  Connect(0, 1);
  Answer(LastKey(), Allow{});
  channel_.Reply(false, "client-auth command failed");
  ASSERT_THAT(sink_.outcomes, SizeIs(1));
  EXPECT_EQ(sink_.outcomes[0].outcome, AnswerOutcome::kNotEnforced);
  EXPECT_EQ(logger_.Count("ANSWER_NOT_TAKEN"), 1);
}

TEST_F(SessionsTest, Answer_WhileDisconnected_IsWrittenAfterResync) {
  Connect(0, 1);
  channel_.Lose();
  EXPECT_EQ(Answer(LastKey(), AllowWith("10.8.0.9")).status, Status::kQueued);
  EXPECT_THAT(channel_.writes, IsEmpty());
  channel_.is_ready = true;
  sessions_.Resync();
  channel_.Reply(true, "", {kStatusHeader, StatusRow("alice", "192.0.2.7:50000", "", 0)});
  EXPECT_THAT(channel_.writes, ElementsAre("status 3\n", StartsWith("client-auth 0 1\n")));
}

TEST_F(SessionsTest, Answer_LostInFlight_IsWrittenAgain) {
  Connect(0, 1);
  Answer(LastKey(), Allow{});
  channel_.Lose();
  EXPECT_THAT(sink_.outcomes, IsEmpty());
  channel_.is_ready = true;
  sessions_.Resync();
  channel_.Reply(true, "", {kStatusHeader, StatusRow("alice", "192.0.2.7:50000", "", 0)});
  EXPECT_THAT(channel_.writes.back(), StartsWith("client-auth-nt 0 1\n"));
}

TEST_F(SessionsTest, Answer_ClientLeftWhileDisconnected_IsNotEnforced) {
  Connect(0, 1);
  channel_.Lose();
  Answer(LastKey(), Allow{});
  channel_.is_ready = true;
  sessions_.Resync();
  channel_.Reply(true, "", {kStatusHeader});
  EXPECT_THAT(channel_.writes, ElementsAre("status 3\n"));
  ASSERT_THAT(sink_.outcomes, SizeIs(1));
  EXPECT_EQ(sink_.outcomes[0].outcome, AnswerOutcome::kNotEnforced);
  EXPECT_EQ(sessions_.table().size(), 0U);
}

TEST_F(SessionsTest, Resync_EstablishedMeanwhile_IsVerifiedByStatus) {
  Authorized(0, "10.8.0.9");
  channel_.Lose();
  channel_.is_ready = true;
  sessions_.Resync();
  channel_.Reply(true, "", {kStatusHeader, StatusRow("alice", "192.0.2.7:50000", "10.8.0.9", 0)});
  EXPECT_EQ(sink_.outcomes.back().outcome, AnswerOutcome::kVerified);
  EXPECT_EQ(LastChange().state, SessionState::kEstablished);
}

TEST_F(SessionsTest, Resync_OtherClientUnderTheSameCid_MovesTheEpoch) {
  Authorized(0, "10.8.0.9");
  const Epoch before = sessions_.epoch();
  channel_.Lose();
  channel_.is_ready = true;
  sessions_.Resync();
  channel_.Reply(true, "", {kStatusHeader, StatusRow("bob", "198.51.100.1:1194", "", 0)});
  EXPECT_GT(sessions_.epoch(), before);
  EXPECT_THAT(channel_.writes.back(), StartsWith("client-kill 0 \"RESTART"));
}

TEST_F(SessionsTest, Resync_UnknownClientWithAddress_IsKilled) {
  sessions_.Resync();
  channel_.Reply(true, "",
                 {kStatusHeader, StatusRow("mallory", "198.51.100.1:1194", "10.8.0.3", 5)});
  EXPECT_EQ(logger_.Count("SESSION_WITHOUT_VERDICT"), 1);
  EXPECT_THAT(channel_.writes.back(), StartsWith("client-kill 5 \"HALT"));
}

TEST_F(SessionsTest, Resync_UnknownClientStillInTls_IsLeftAlone) {
  sessions_.Resync();
  channel_.Reply(true, "", {kStatusHeader, StatusRow("UNDEF", "198.51.100.1:1194", "", 5)});
  EXPECT_THAT(channel_.writes, ElementsAre("status 3\n"));
}

TEST_F(SessionsTest, Resync_AdoptingClientWithAddress_KeepsItUnjudgedUntilItsReauth) {
  sessions_.Resync(Sessions::UnknownClients::kAdopt);
  channel_.Reply(true, "", {kStatusHeader, StatusRow("alice", "192.0.2.7:50005", "10.8.0.3", 5)});
  EXPECT_EQ(logger_.Count("SESSION_WITHOUT_VERDICT"), 0);
  ASSERT_THAT(sink_.changes, SizeIs(1));
  EXPECT_EQ(LastChange().state, SessionState::kUnjudged);
  EXPECT_EQ(LastChange().identity->common_name, "alice");
  EXPECT_THAT(LastChange().virtual_addresses, ElementsAre("10.8.0.3"));
  const SessionUid uid = LastChange().uid;

  Connect(5, 3, /*reauth=*/true);
  ASSERT_EQ(Answer(LastKey(), Allow{}).status, Status::kQueued);
  EXPECT_EQ(LastChange().state, SessionState::kEstablished);
  EXPECT_EQ(LastChange().uid, uid);
}

TEST_F(SessionsTest, Resync_AdoptingClientThatWaited_IsToldToConnectAgain) {
  sessions_.Resync(Sessions::UnknownClients::kAdopt);
  channel_.Reply(true, "", {kStatusHeader, StatusRow("bob", "192.0.2.8:50005", "", 6)});
  EXPECT_THAT(channel_.writes.back(), StartsWith("client-kill 6 \"RESTART"));
  EXPECT_EQ(sessions_.table().size(), 0U);
}

TEST_F(SessionsTest, Adopting_ConnectMeanwhile_IsAskedWhenTheAddressesAreKnown) {
  sessions_.Resync(Sessions::UnknownClients::kAdopt);
  Connect(6, 1);
  EXPECT_THAT(sink_.requests, IsEmpty());
  channel_.Reply(true, "",
                 {kStatusHeader, StatusRow("bob", "192.0.2.8:50005", "10.8.0.3", 5),
                  StatusRow("alice", "192.0.2.7:50006", "", 6)});
  ASSERT_FALSE(sink_.changes.empty());
  EXPECT_THAT(sink_.changes[0].virtual_addresses, ElementsAre("10.8.0.3"));
  ASSERT_THAT(sink_.requests, SizeIs(1));
  EXPECT_EQ(LastKey().client.cid, Cid{6});
  EXPECT_THAT(channel_.writes, ElementsAre("status 3\n")) << "nobody is told to connect again";
}

TEST_F(SessionsTest, Adopting_ReauthMeanwhile_IsAskedForTheAdoptedSession) {
  sessions_.Resync(Sessions::UnknownClients::kAdopt);
  Connect(5, 3, /*reauth=*/true);
  channel_.Reply(true, "", {kStatusHeader, StatusRow("alice", "192.0.2.7:50005", "10.8.0.3", 5)});
  ASSERT_THAT(sink_.requests, SizeIs(1));
  EXPECT_EQ(sink_.requests[0].kind, AuthKind::kReauth);
  EXPECT_EQ(sink_.requests[0].session.state, SessionState::kUnjudged);
  EXPECT_THAT(sink_.requests[0].session.virtual_addresses, ElementsAre("10.8.0.3"));
}

TEST_F(SessionsTest, Adopting_ClientLeavesMeanwhile_IsAdoptedAndEnds) {
  sessions_.Resync(Sessions::UnknownClients::kAdopt);
  sessions_.OnEvent(ClientDisconnect{Cid{5}, {}});
  channel_.Reply(true, "", {kStatusHeader, StatusRow("alice", "192.0.2.7:50005", "10.8.0.3", 5)});
  EXPECT_EQ(LastChange().state, SessionState::kEnded);
  EXPECT_EQ(sessions_.table().size(), 0U);
}

TEST_F(SessionsTest, Adopting_ConnectionLostMeanwhile_TheNextStatusAdoptsAndKillsNobody) {
  sessions_.Resync(Sessions::UnknownClients::kAdopt);
  channel_.Lose();
  channel_.is_ready = true;
  sessions_.Resync();
  channel_.Reply(true, "", {kStatusHeader, StatusRow("alice", "192.0.2.7:50005", "10.8.0.3", 5)});
  EXPECT_EQ(logger_.Count("SESSION_WITHOUT_VERDICT"), 0);
  EXPECT_EQ(LastChange().state, SessionState::kUnjudged);
}

TEST_F(SessionsTest, Adopting_StatusCannotBeRead_HeldClientsAreAskedAllTheSame) {
  sessions_.Resync(Sessions::UnknownClients::kAdopt);
  Connect(6, 1);
  channel_.Reply(true, "", {"HEADER\tCLIENT_LIST\tnonsense"});
  EXPECT_EQ(logger_.Count("RESYNC_FAILED"), 1);
  EXPECT_THAT(sink_.requests, SizeIs(1));
}

TEST_F(SessionsTest, Adopting_TunnelRestarts_ForgetsWhoWasHeld) {
  sessions_.Resync(Sessions::UnknownClients::kAdopt);
  Connect(6, 1);
  sessions_.BeginEpoch("OpenVPN restarted its tunnel");
  EXPECT_THAT(sink_.requests, IsEmpty());
  Connect(0, 1);
  EXPECT_THAT(sink_.requests, SizeIs(1));
}

TEST_F(SessionsTest, Kill_Established_IsEndingUntilDisconnect) {
  Authorized(0, "10.8.0.9");
  const SessionUid uid = LastChange().uid;
  absl::Status killed = absl::UnknownError("not called");
  sessions_.Kill(uid, KillDisposition::kRestart, "maintenance",
                 [&](const absl::Status& status) { killed = status; });
  EXPECT_THAT(channel_.writes.back(), StartsWith("client-kill 0 \"RESTART"));
  channel_.Reply(true);
  EXPECT_TRUE(killed.ok());
  EXPECT_EQ(LastChange().state, SessionState::kEnding);
  sessions_.OnEvent(ClientDisconnect{Cid{0}, {}});
  EXPECT_EQ(LastChange().end_reason, "killed: maintenance");
}

TEST_F(SessionsTest, Kill_Pending_VoidsItsQuestion) {
  Connect(0, 1);
  sessions_.Kill(LastChange().uid, KillDisposition::kHalt, "", [](const absl::Status&) {});
  channel_.Reply(true);
  ASSERT_THAT(sink_.withdrawals, SizeIs(1));
  EXPECT_EQ(Answer(LastKey(), Allow{}).status, Status::kGone);
}

TEST_F(SessionsTest, Kill_UnknownUidOrNoConnection_SaysWhy) {
  absl::Status status;
  sessions_.Kill("nobody", KillDisposition::kHalt, "", [&](const absl::Status& s) { status = s; });
  EXPECT_TRUE(absl::IsNotFound(status));
  Connect(0, 1);
  channel_.is_ready = false;
  sessions_.Kill(LastChange().uid, KillDisposition::kHalt, "",
                 [&](const absl::Status& s) { status = s; });
  EXPECT_TRUE(absl::IsUnavailable(status));
}

TEST_F(SessionsTest, Unreadable_ConnectWithKey_IsDenied) {
  sessions_.OnUnreadable({"CONNECT: too many entries", ProtocolError::WaitingKey{Cid{8}, Kid{1}}});
  EXPECT_THAT(channel_.writes,
              ElementsAre(AllOf(StartsWith("client-deny 8 1 "), HasSubstr("TEMP["))));
}

TEST_F(SessionsTest, ChallengeResponse_Unasked_IsIgnored) {
  Connect(0, 1);
  sessions_.OnEvent(ClientChallengeResponse{Cid{0}, Kid{1}, Secret("aGVsbG8="), {}});
  EXPECT_THAT(sink_.requests, SizeIs(1));
  EXPECT_FALSE(logger_.Mentions("aGVsbG8="));
}

}  // namespace
}  // namespace ovpnbroker::ovpn
