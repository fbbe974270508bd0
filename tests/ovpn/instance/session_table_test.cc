#include "ovpn/instance/session_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ovpnbroker::ovpn {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Optional;

constexpr WallTime kNow{std::chrono::seconds(1'800'000'000)};

ClientConnect ConnectEvent(uint64_t cid, uint32_t kid, bool reauth = false) {
  Environment::Builder environment;
  environment.Add("common_name", "alice");
  environment.Add("untrusted_ip", "192.0.2.7");
  environment.Add("untrusted_port", "50123");
  return {reauth, Cid{cid}, Kid{kid}, environment.Build(), std::nullopt};
}

ClientRef Ref(uint64_t cid) { return {"office", Epoch{1}, Cid{cid}}; }

class SessionTableTest : public ::testing::Test {
 protected:
  SessionTable::ConnectResult Connect(uint64_t cid, uint32_t kid, bool reauth = false) {
    return table_.OnConnect(Ref(cid), ConnectEvent(cid, kid, reauth),
                            absl::StrCat("uid-", ++last_uid_), kNow);
  }
  SessionEntry& Allowed(uint64_t cid) {
    SessionEntry& entry = *Connect(cid, 1).entry;
    entry.allowed_kid = Kid{1};
    entry.pending_kid.reset();
    return entry;
  }

  SessionTable table_;
  int last_uid_ = 0;
};

TEST_F(SessionTableTest, Connect_NewCid_IsPendingWithIdentity) {
  const auto result = Connect(0, 1);
  ASSERT_EQ(result.kind, SessionTable::Connect::kNew);
  EXPECT_EQ(result.entry->session.state, SessionState::kPending);
  EXPECT_EQ(result.entry->session.identity->common_name, "alice");
  EXPECT_EQ(result.entry->session.identity->real_address, "192.0.2.7:50123");
  EXPECT_THAT(result.entry->pending_kid, Optional(Kid{1}));
  EXPECT_EQ(table_.FindByUid("uid-1"), result.entry);
}

TEST_F(SessionTableTest, Connect_SameCidNewerKid_KeepsTheSessionAndVoidsTheOlderQuestion) {
  const SessionUid uid = Connect(4, 1).entry->session.uid;
  const auto again = Connect(4, 2);
  ASSERT_EQ(again.kind, SessionTable::Connect::kRehandshake);
  EXPECT_EQ(again.entry->session.uid, uid);
  EXPECT_THAT(again.superseded, Optional(Kid{1}));
  EXPECT_THAT(again.entry->pending_kid, Optional(Kid{2}));
  EXPECT_EQ(table_.size(), 1U);
}

TEST_F(SessionTableTest, Connect_SameCidNewerKidAfterAllow_StartsTheJudgementOver) {
  SessionEntry& entry = Allowed(4);
  entry.wanted_addresses = {{"10.0.0.9", true}};
  Connect(4, 2);
  EXPECT_FALSE(entry.allowed_kid.has_value());
  EXPECT_THAT(entry.wanted_addresses, IsEmpty());
  EXPECT_EQ(table_.OnEstablished(Cid{4}, kNow), SessionTable::Established::kWithoutVerdict);
}

TEST_F(SessionTableTest, Reauth_OfEstablishedClient_KeepsStateAndVerdict) {
  SessionEntry& entry = Allowed(4);
  ASSERT_EQ(table_.OnEstablished(Cid{4}, kNow), SessionTable::Established::kExpected);
  EXPECT_EQ(Connect(4, 3, /*reauth=*/true).kind, SessionTable::Connect::kRehandshake);
  EXPECT_EQ(entry.session.state, SessionState::kEstablished);
  EXPECT_TRUE(entry.allowed_kid.has_value());
}

TEST_F(SessionTableTest, Reauth_OfUnknownClient_IsUnjudged) {
  const auto result = Connect(4, 3, /*reauth=*/true);
  ASSERT_EQ(result.kind, SessionTable::Connect::kNew);
  EXPECT_EQ(result.entry->session.state, SessionState::kUnjudged);
  EXPECT_EQ(result.entry->session.identity->common_name, "alice");
}

TEST_F(SessionTableTest, Connect_SameKidTwice_IsImpossible) {
  Connect(0, 1);
  EXPECT_EQ(Connect(0, 1).kind, SessionTable::Connect::kImpossible);
}

TEST_F(SessionTableTest, Connect_ClosedCid_IsImpossible) {
  Connect(0, 1);
  table_.Close(Cid{0}, "disconnected", kNow);
  EXPECT_EQ(Connect(0, 1).kind, SessionTable::Connect::kImpossible);
}

TEST_F(SessionTableTest, Connect_LowerCidLater_IsAnOrdinaryNewClient) {
  Connect(
      6,
      1);  // CIDs are given at the first packet, CONNECT comes when TLS is done: they may overtake
  EXPECT_EQ(Connect(5, 1).kind, SessionTable::Connect::kNew);
}

TEST_F(SessionTableTest, Established_AfterDisconnect_LeavesNoGhost) {
  Allowed(0);
  ASSERT_TRUE(table_.Close(Cid{0}, "disconnected", kNow).has_value());
  EXPECT_EQ(table_.OnEstablished(Cid{0}, kNow), SessionTable::Established::kAfterClose);
  EXPECT_EQ(table_.size(), 0U);
}

TEST_F(SessionTableTest, Established_NeverConnected_IsWithoutVerdictAndLeavesNoGhost) {
  EXPECT_EQ(table_.OnEstablished(Cid{7}, kNow), SessionTable::Established::kWithoutVerdict);
  EXPECT_EQ(table_.size(), 0U);
}

TEST_F(SessionTableTest, Established_WhileEnding_StaysEnding) {
  table_.SetState(Allowed(0), SessionState::kEnding);
  EXPECT_EQ(table_.OnEstablished(Cid{0}, kNow), SessionTable::Established::kExpected);
  EXPECT_EQ(table_.Find(Cid{0})->session.state, SessionState::kEnding);
}

TEST_F(SessionTableTest, Address_PrimaryAndIroute_OnlyPrimaryIsVirtual) {
  SessionEntry& entry = Allowed(0);
  table_.OnAddress({Cid{0}, "10.0.0.2", true});
  table_.OnAddress({Cid{0}, "192.168.50.0/255.255.255.0", false});
  EXPECT_THAT(entry.session.virtual_addresses, ElementsAre("10.0.0.2"));
  EXPECT_THAT(entry.learned_addresses,
              ElementsAre(IntendedAddress{"10.0.0.2", true},
                          IntendedAddress{"192.168.50.0/255.255.255.0", false}));
}

TEST_F(SessionTableTest, Close_KeepsTheFirstReason) {
  Allowed(0).session.end_reason = "killed: quota";
  const auto closed = table_.Close(Cid{0}, "disconnected", kNow);
  ASSERT_TRUE(closed.has_value());
  EXPECT_EQ(closed->session.end_reason, "killed: quota");
  EXPECT_EQ(closed->session.state, SessionState::kEnded);
  EXPECT_THAT(closed->session.end_time, Optional(kNow));
}

TEST_F(SessionTableTest, CloseAll_NumbersMayStartOver) {
  Connect(0, 1);
  Connect(1, 1);
  table_.Close(Cid{1}, "disconnected", kNow);
  EXPECT_EQ(table_.CloseAll("tunnel run ended", kNow).size(), 1U);
  EXPECT_EQ(table_.size(), 0U);
  EXPECT_EQ(Connect(0, 1).kind, SessionTable::Connect::kNew);
  EXPECT_EQ(Connect(1, 1).kind, SessionTable::Connect::kNew);
}

TEST_F(SessionTableTest, Closed_MoreThanRemembered_ForgetsTheOldest) {
  for (uint64_t cid = 0; cid <= SessionTable::kClosedCidsRemembered; ++cid) {
    Connect(cid, 1);
    table_.Close(Cid{cid}, "disconnected", kNow);
  }
  EXPECT_EQ(Connect(1, 1).kind, SessionTable::Connect::kImpossible);
  EXPECT_EQ(Connect(0, 1).kind, SessionTable::Connect::kNew);
}

TEST_F(SessionTableTest, CountByState_FollowsEachSessionToItsEnd) {
  const auto count = [this](SessionState state) {
    return table_.CountByState()[static_cast<size_t>(state)];
  };
  Connect(0, 1);
  Connect(0, 2);  // the same client again
  EXPECT_EQ(Connect(0, 1).kind, SessionTable::Connect::kImpossible);
  EXPECT_EQ(count(SessionState::kPending), 1U);
  Allowed(1);
  table_.OnEstablished(Cid{1}, kNow);
  EXPECT_EQ(count(SessionState::kPending), 1U);
  EXPECT_EQ(count(SessionState::kEstablished), 1U);
  Connect(2, 3, /*reauth=*/true);
  table_.Adopt(Ref(3), "uid-adopted", kNow);
  EXPECT_EQ(count(SessionState::kUnjudged), 2U);
  table_.SetState(*table_.Find(Cid{1}), SessionState::kEnding);
  EXPECT_EQ(count(SessionState::kEstablished), 0U);
  EXPECT_EQ(count(SessionState::kEnding), 1U);
  table_.Close(Cid{1}, "disconnected", kNow);
  table_.Close(Cid{1}, "disconnected", kNow);
  EXPECT_EQ(count(SessionState::kEnding), 0U);
  table_.CloseAll("tunnel run ended", kNow);
  EXPECT_THAT(table_.CountByState(), Each(0U));
}

TEST_F(SessionTableTest, TotalBytes_KeepWhatEndedSessionsMoved) {
  Connect(0, 1);
  Connect(1, 1);
  table_.OnByteCount(Cid{0}, 100, 10);
  table_.OnByteCount(Cid{0}, 150, 30);
  table_.OnByteCount(Cid{1}, 1, 2);
  table_.OnByteCount(Cid{1}, 0, 0);        // a count that went down
  table_.OnByteCount(Cid{7}, 1000, 1000);  // nobody's
  table_.Close(Cid{0}, "disconnected", kNow);
  table_.OnByteCount(Cid{0}, 999, 999);
  EXPECT_EQ(table_.total_received_bytes(), 151U);
  EXPECT_EQ(table_.total_sent_bytes(), 32U);
}

TEST_F(SessionTableTest, Visit_AfterAUid_GoesOnBehindItEvenIfItIsGone) {
  Connect(3, 1);
  Connect(2, 1);
  Connect(1, 1);
  table_.Close(Cid{2}, "disconnected", kNow);
  std::vector<SessionUid> seen;
  table_.Visit("uid-2", [&](const SessionEntry& entry) {
    seen.push_back(entry.session.uid);
    return true;
  });
  EXPECT_THAT(seen, ElementsAre("uid-3"));
}

}  // namespace
}  // namespace ovpnbroker::ovpn
