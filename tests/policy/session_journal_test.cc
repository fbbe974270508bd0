#include "policy/session_journal.h"

#include <gtest/gtest.h>

#include "tests/support/manual_clock.h"

namespace ovpnbroker::policy {
namespace {

ovpn::Session NamedSession(const std::string& uid) {
  ovpn::Session session;
  session.uid = uid;
  session.client.instance = "office";
  return session;
}

class SessionJournalTest : public ::testing::Test {
 protected:
  void AppendSession(const std::string& uid) {
    journal_.Append(SessionRecord{ovpn::SessionChange::kEstablished, NamedSession(uid)});
  }

  test::ManualClock clock_;
  SessionJournal journal_{"run-1", clock_, 3};
};

TEST_F(SessionJournalTest, Empty_HoldsZeroOnly) {
  EXPECT_EQ(journal_.last_sequence(), 0);
  EXPECT_TRUE(journal_.Holds(0));
  EXPECT_FALSE(journal_.Holds(1));
  EXPECT_FALSE(journal_.Holds(-1));
  EXPECT_EQ(journal_.After(0), nullptr);
}

TEST_F(SessionJournalTest, Reader_SeesEachEntryOnceInOrder) {
  AppendSession("a");
  journal_.Append(InstanceRecord{"lab", ovpn::InstanceState::kRunning, "up"});
  AppendSession("b");

  const JournalEntry* first = journal_.After(0);
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(first->sequence, 1);
  EXPECT_EQ(first->time, clock_.WallNow());
  EXPECT_EQ(std::get<SessionRecord>(first->what).session.uid, "a");
  EXPECT_EQ(first->instance(), "office");
  const JournalEntry* second = journal_.After(1);
  ASSERT_NE(second, nullptr);
  EXPECT_EQ(second->instance(), "lab");
  EXPECT_EQ(journal_.After(2)->sequence, 3);
  EXPECT_EQ(journal_.After(3), nullptr);
}

TEST_F(SessionJournalTest, RingFull_OldCursorIsLostNewerOnesHold) {
  for (const char* uid : {"a", "b", "c", "d"}) AppendSession(uid);
  EXPECT_FALSE(journal_.Holds(0));  // the first entry, which follows it, is gone
  EXPECT_EQ(journal_.After(0), nullptr);
  EXPECT_TRUE(journal_.Holds(1));
  EXPECT_EQ(journal_.After(1)->sequence, 2);
  EXPECT_TRUE(journal_.Holds(4));
  EXPECT_FALSE(journal_.Holds(5));  // of another run
}

TEST_F(SessionJournalTest, EndedSession_IsKnownWhileTheRingHoldsItsEnd) {
  journal_.Append(SessionRecord{ovpn::SessionChange::kEnded, NamedSession("gone")});
  AppendSession("a");
  ASSERT_NE(journal_.InstanceOfEnded("gone"), nullptr);
  EXPECT_EQ(*journal_.InstanceOfEnded("gone"), "office");
  EXPECT_EQ(journal_.InstanceOfEnded("a"), nullptr);
  AppendSession("b");
  AppendSession("c");
  EXPECT_EQ(journal_.InstanceOfEnded("gone"), nullptr);
}

TEST_F(SessionJournalTest, Subscription_CalledUntilItGoes) {
  int calls = 0;
  {
    const SessionJournal::Subscription subscription = journal_.Subscribe([&calls] { ++calls; });
    AppendSession("a");
    AppendSession("b");
  }
  AppendSession("c");
  EXPECT_EQ(calls, 2);
}

TEST_F(SessionJournalTest, SubscriptionEndedFromItsOwnCall_OthersAreStillCalled) {
  SessionJournal::Subscription first;
  int later = 0;
  first = journal_.Subscribe([&first] { first.Cancel(); });
  const SessionJournal::Subscription second = journal_.Subscribe([&later] { ++later; });
  AppendSession("a");
  AppendSession("b");
  EXPECT_EQ(later, 2);
}

}  // namespace
}  // namespace ovpnbroker::policy
