// Admission: the order of its checks, whom it lets take over an address, and whom it ends.
#include "policy/admission.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/policy/admission_fixture.h"

namespace ovpnbroker::policy {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST_F(AdmissionTest, AllowWithoutPoolOrLimits_PassesAsItIs) {
  EXPECT_EQ(Address(Connect(1, "alice", {})), "");
}

TEST_F(AdmissionTest, Pool_IsResolvedToAnAddress) {
  const auto result = Connect(1, "alice", FromPool());
  EXPECT_EQ(Address(result), "10.8.0.10");
  EXPECT_EQ(std::get<Admission::Admitted>(result).allow.config.address_pool, "");
}

TEST_F(AdmissionTest, UnknownPool_IsAViolationWithAHint) {
  const auto result = Connect(1, "alice", FromPool("stuff"));
  EXPECT_THAT(Fields(result), ElementsAre("allow.config.address_pool"));
  EXPECT_THAT(std::get<std::vector<ovpn::FieldViolation>>(result).front().description,
              testing::HasSubstr("did you mean 'staff'"));
}

TEST_F(AdmissionTest, PoolAndAddress_ExcludeEachOther) {
  ovpn::Allow allow = FromPool();
  allow.config.ifconfig_push = Named("10.8.5.5").config.ifconfig_push;
  EXPECT_THAT(Fields(Connect(1, "alice", allow)), ElementsAre("allow.config.address_pool"));
}

TEST_F(AdmissionTest, AddressOfAnotherSession_IsRefused) {
  Connect(1, "alice", Named("10.8.5.5"));
  EXPECT_THAT(Fields(Connect(2, "bob", Named("10.8.5.5"))),
              ElementsAre("allow.config.ifconfig_push.local"));
  Report(1, "alice", ovpn::SessionState::kEnded);
  EXPECT_EQ(Address(Connect(2, "bob", Named("10.8.5.5"))), "10.8.5.5");
}

TEST_F(AdmissionTest, AddressOfAnotherInstance_IsFreeUnlessItIsAPools) {
  Connect(1, "alice", Named("10.8.5.5"));
  Connect(2, "carol", Named("10.8.0.10"));
  EXPECT_EQ(Address(Connect(1, "bob", Named("10.8.5.5"), "branch")), "10.8.5.5");
  EXPECT_THAT(Fields(Connect(2, "dave", Named("10.8.0.10"), "branch")),
              ElementsAre("allow.config.ifconfig_push.local"));
}

TEST_F(AdmissionTest, ReconnectOfTheSameName_TakesItsAddressOver) {
  Connect(1, "alice", Named("10.8.5.5"));
  EXPECT_EQ(Address(Connect(2, "alice", Named("10.8.5.5"))), "10.8.5.5");
  // The old session goes; the address stays the new one's.
  Report(1, "alice", ovpn::SessionState::kEnded);
  EXPECT_THAT(Fields(Connect(3, "bob", Named("10.8.5.5"))),
              ElementsAre("allow.config.ifconfig_push.local"));
}

TEST_F(AdmissionTest, ReconnectOfTheSameName_GetsItsPoolAddressAgain) {
  Connect(1, "alice", FromPool());
  EXPECT_EQ(Address(Connect(2, "alice", FromPool())), "10.8.0.10");
}

TEST_F(AdmissionTest, DuplicateCn_GivesASecondAddress) {
  admission_.SetReplaceBy("office", ReplaceBy::kNothing);
  Connect(1, "alice", FromPool());
  EXPECT_EQ(Address(Connect(2, "alice", FromPool())), "10.8.0.11");
  EXPECT_THAT(Fields(Connect(3, "alice", Named("10.8.0.10"))),
              ElementsAre("allow.config.ifconfig_push.local"));
}

TEST_F(AdmissionTest, KilledSession_HoldsItsAddressUntilItIsGone) {
  Connect(1, "alice", Named("10.8.5.5"));
  Report(1, "alice", ovpn::SessionState::kEnding);
  EXPECT_THAT(Fields(Connect(2, "bob", Named("10.8.5.5"))),
              ElementsAre("allow.config.ifconfig_push.local"));
}

TEST_F(AdmissionTest, ExhaustedPool_DeniesWithTheReasonAndARetry) {
  Connect(1, "alice", FromPool());
  Connect(2, "bob", FromPool());
  const auto result = Connect(3, "carol", FromPool());
  ASSERT_TRUE(std::holds_alternative<ovpn::Deny>(result));
  const auto& deny = std::get<ovpn::Deny>(result);
  EXPECT_EQ(deny.client_reason, "no free address");
  EXPECT_EQ(deny.code, "ADDRESS_POOL_EXHAUSTED");
  EXPECT_TRUE(deny.retry.has_value());
  EXPECT_EQ(logger_.Count("ADDRESS_POOL_EXHAUSTED"), 1);
}

TEST_F(AdmissionTest, Abandoned_LeavesNothingHeld) {
  const ovpn::AuthRequest request = Request(1, "alice", "office");
  admission_.Admit(request, FromPool());
  admission_.Abandon(request);
  EXPECT_EQ(admission_.pools().Find("staff")->Stats().held, 0U);
}

TEST_F(AdmissionTest, AdoptedSession_HoldsWhatStatusSays) {
  ovpn::Session session = Session(9, "alice", "office", ovpn::SessionState::kUnjudged);
  session.virtual_addresses = {"10.8.0.11", "not an address"};
  admission_.OnSessionChanged(session);
  admission_.SetReplaceBy("office", ReplaceBy::kNothing);
  EXPECT_EQ(Address(Connect(1, "bob", FromPool())), "10.8.0.10");
  EXPECT_TRUE(std::holds_alternative<ovpn::Deny>(Connect(2, "carol", FromPool())));
  // Its lease was lost with the broker before; it is hers again.
  session.state = ovpn::SessionState::kEnded;
  admission_.OnSessionChanged(session);
  EXPECT_EQ(Address(Connect(3, "alice", FromPool())), "10.8.0.11");
}

TEST_F(AdmissionTest, Reauth_TakesNoAddress) {
  Connect(1, "alice", FromPool());
  ovpn::AuthRequest request = Request(2, "bob", "office");
  request.kind = ovpn::AuthKind::kReauth;
  EXPECT_EQ(Address(admission_.Admit(request, FromPool())), "");
  EXPECT_EQ(admission_.pools().Find("staff")->Stats().leases, 1U);
}

TEST_F(AdmissionTest, TooManySessions_DeniesTheNewOne) {
  admission_.SetReplaceBy("office", ReplaceBy::kNothing);
  Connect(1, "alice", AtMost(2));
  Connect(2, "alice", AtMost(2), "branch");
  const auto result = Connect(3, "alice", AtMost(2));
  ASSERT_TRUE(std::holds_alternative<ovpn::Deny>(result));
  EXPECT_EQ(std::get<ovpn::Deny>(result).client_reason, "too many sessions");
  EXPECT_EQ(Address(Connect(4, "bob", AtMost(2))), "");
}

TEST_F(AdmissionTest, TooManySessions_EndsTheOldestOnce) {
  admission_.SetReplaceBy("office", ReplaceBy::kNothing);
  const ovpn::Allow allow = AtMost(2, ovpn::SessionLimits::Excess::kEndOldest);
  Connect(1, "alice", allow);
  Connect(2, "alice", allow);
  EXPECT_THAT(ended_, IsEmpty());
  Connect(3, "alice", allow);
  EXPECT_THAT(ended_, ElementsAre("office-1"));
  // It is there until DISCONNECT, and takes no room any more.
  Connect(4, "alice", allow);
  EXPECT_THAT(ended_, ElementsAre("office-1", "office-2"));
}

TEST_F(AdmissionTest, ReconnectOfTheSameName_TakesNoRoomTwice) {
  Connect(1, "alice", AtMost(1));
  EXPECT_EQ(Address(Connect(2, "alice", AtMost(1))), "");
}

TEST_F(AdmissionTest, MaxDuration_EndsTheSessionMeasuredFromConnect) {
  Connect(1, "alice", For(60s));
  clock_.Advance(59s);
  admission_.OnDeadline();
  EXPECT_THAT(ended_, IsEmpty());
  clock_.Advance(1s);
  admission_.OnDeadline();
  EXPECT_THAT(ended_, ElementsAre("office-1"));
  EXPECT_EQ(admission_.NextDeadline(), std::nullopt);
}

TEST_F(AdmissionTest, AdoptedSession_EndsWhenItWasToEnd) {
  Connect(1, "alice", For(60s));
  const std::vector<SessionEnd> kept = admission_.session_ends().All();
  ASSERT_EQ(kept.size(), 1U);
  Admission next{clock_,
                 logger_,
                 {},
                 [this](const ovpn::ClientRef&, const ovpn::SessionUid& uid, const std::string&,
                        std::function<void(absl::Status)> done) {
                   ended_.push_back(uid);
                   done(absl::OkStatus());
                 }};
  next.session_ends().Restore(kept, clock_.WallNow());
  clock_.Advance(20s);
  ovpn::Session adopted = Session(1, "alice", "office", ovpn::SessionState::kUnjudged);
  adopted.uid = "adopted";
  next.OnSessionChanged(adopted);
  EXPECT_EQ(next.NextDeadline(), clock_.Now() + 40s);
  clock_.Advance(40s);
  next.OnDeadline();
  EXPECT_THAT(ended_, ElementsAre("adopted"));
  adopted.state = ovpn::SessionState::kEnded;
  next.OnSessionChanged(adopted);
  EXPECT_THAT(next.session_ends().All(), IsEmpty());
}

TEST_F(AdmissionTest, ReauthWithALimit_ReplacesItAndWithoutOneKeepsIt) {
  Connect(1, "alice", For(60s));
  ovpn::AuthRequest request = Request(1, "alice", "office");
  request.kind = ovpn::AuthKind::kReauth;
  clock_.Advance(30s);
  Settle(request, admission_.Admit(request, {}));
  EXPECT_EQ(admission_.NextDeadline(), clock_.Now() + 30s);
  Settle(request, admission_.Admit(request, For(100s)));
  EXPECT_EQ(admission_.NextDeadline(), clock_.Now() + 70s);
}

TEST_F(AdmissionTest, EndThatFails_IsTriedAgain) {
  Connect(1, "alice", For(60s));
  end_status_ = absl::UnavailableError("the management connection is down");
  clock_.Advance(60s);
  admission_.OnDeadline();
  EXPECT_EQ(logger_.Count("SESSION_LIMIT_END_FAILED"), 1);
  end_status_ = absl::OkStatus();
  clock_.Advance(Admission::kEndRetry);
  admission_.OnDeadline();
  EXPECT_THAT(ended_, ElementsAre("office-1", "office-1"));
}

TEST_F(AdmissionTest, SessionThatEnds_TakesItsDeadlineWithIt) {
  Connect(1, "alice", For(60s));
  Report(1, "alice", ovpn::SessionState::kEnded);
  EXPECT_EQ(admission_.NextDeadline(), std::nullopt);
}

}  // namespace
}  // namespace ovpnbroker::policy
