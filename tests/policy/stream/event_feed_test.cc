#include "policy/stream/event_feed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tests/support/fake_session_access.h"
#include "tests/support/manual_clock.h"

namespace ovpnbroker::policy {
namespace {

using ::testing::ElementsAre;
using v1::SessionEvent;

class EventFeedTest : public ::testing::Test {
 protected:
  static constexpr size_t kRing = 4;

  EventFeedTest() {
    options_.sessions = &sessions_;
    options_.instances = {"office"};
  }
  EventFeed Feed(std::optional<int64_t> resume_from = std::nullopt,
                 const std::string& epoch = "run-1", bool traffic = false) {
    v1::EventCursor cursor;
    cursor.set_broker_epoch(epoch);
    cursor.set_sequence(resume_from.value_or(0));
    return {options_, clock_, resume_from.has_value() ? &cursor : nullptr, traffic, 0.5};
  }
  // Takes all that there is, `limit` at a time, as "KIND uid".
  static std::vector<std::string> All(EventFeed& feed, size_t limit = 10) {
    std::vector<std::string> taken;
    do {
      for (const SessionEvent& event : feed.Take(limit)) {
        std::string text = SessionEvent::Kind_Name(event.kind()).substr(5);
        if (event.has_session()) absl::StrAppend(&text, " ", event.session().uid());
        if (event.dropped_count() > 0) absl::StrAppend(&text, " dropped ", event.dropped_count());
        taken.push_back(text);
      }
    } while (feed.more());
    return taken;
  }

  test::ManualClock clock_;
  test::FakeSessionAccess sessions_{clock_, kRing};
  StreamPolicyOptions options_;
};

TEST_F(EventFeedTest, NoCursor_ListsWhoIsInThenGoesOnLive) {
  sessions_.Establish("a");
  sessions_.Establish("b");
  sessions_.Establish("x", "lab");
  EventFeed feed = Feed();
  EXPECT_THAT(All(feed), ElementsAre("SNAPSHOT a", "SNAPSHOT b", "SNAPSHOT_COMPLETE"));
  sessions_.Establish("c");
  sessions_.End("a");
  EXPECT_THAT(All(feed), ElementsAre("ESTABLISHED c", "DISCONNECTED a"));
}

TEST_F(EventFeedTest, SmallSteps_SameListAndChangesMeanwhileFollow) {
  for (const char* uid : {"a", "b", "c"}) sessions_.Establish(uid);
  EventFeed feed = Feed();
  EXPECT_EQ(feed.Take(1).at(0).session().uid(), "a");
  sessions_.End("b");
  EXPECT_THAT(All(feed, 1), ElementsAre("SNAPSHOT c", "SNAPSHOT_COMPLETE", "DISCONNECTED b"));
}

TEST_F(EventFeedTest, SnapshotHasNoCursor_CompleteHas) {
  sessions_.Establish("a");
  EventFeed feed = Feed();
  const std::vector<SessionEvent> events = feed.Take(10);
  ASSERT_EQ(events.size(), 2U);
  EXPECT_FALSE(events[0].has_cursor());
  EXPECT_EQ(events[1].cursor().broker_epoch(), "run-1");
  EXPECT_EQ(events[1].cursor().sequence(), 1);
}

TEST_F(EventFeedTest, HeldCursor_ReplaysWithoutGapOrSnapshot) {
  sessions_.Establish("a");
  sessions_.Establish("b");
  sessions_.End("a");
  EventFeed feed = Feed(1);
  EXPECT_THAT(All(feed), ElementsAre("ESTABLISHED b", "DISCONNECTED a"));
}

TEST_F(EventFeedTest, CursorOfAnotherRun_IsLostAndListed) {
  sessions_.Establish("a");
  EventFeed feed = Feed(1, "run-0");
  EXPECT_THAT(All(feed), ElementsAre("CURSOR_LOST", "SNAPSHOT a", "SNAPSHOT_COMPLETE"));
}

TEST_F(EventFeedTest, CursorOlderThanTheRing_SaysHowManyAreGone) {
  for (const char* uid : {"a", "b", "c", "d", "e", "f"}) sessions_.Establish(uid);
  EventFeed feed = Feed(1);  // the ring holds 3 to 6, so 2 is gone
  EXPECT_EQ(All(feed).front(), "CURSOR_LOST dropped 1");
}

TEST_F(EventFeedTest, SlowReader_IsToldAndGetsTheListAnew) {
  EventFeed feed = Feed();
  EXPECT_THAT(All(feed), ElementsAre("SNAPSHOT_COMPLETE"));
  for (const char* uid : {"a", "b", "c", "d", "e", "f"}) sessions_.Establish(uid);
  sessions_.End("a");
  EXPECT_THAT(All(feed),
              ElementsAre("CURSOR_LOST dropped 3", "SNAPSHOT b", "SNAPSHOT c", "SNAPSHOT d",
                          "SNAPSHOT e", "SNAPSHOT f", "SNAPSHOT_COMPLETE"));
}

TEST_F(EventFeedTest, Idle_ProgressHasTheNewestCursor) {
  EventFeed feed = Feed();
  All(feed);
  sessions_.Establish("x", "lab");  // not this policy's
  EXPECT_TRUE(All(feed).empty());
  clock_.Advance(std::chrono::seconds(59));
  EXPECT_TRUE(feed.Take(10).empty());
  clock_.Advance(std::chrono::seconds(1));
  const std::vector<SessionEvent> events = feed.Take(10);
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].kind(), SessionEvent::KIND_PROGRESS);
  EXPECT_EQ(events[0].cursor().sequence(), 1);
  EXPECT_TRUE(feed.Take(10).empty());
}

TEST_F(EventFeedTest, Traffic_TellsCountsEachIntervalAndPutsOffNoProgress) {
  sessions_.Establish("a");
  sessions_.Establish("x", "lab");
  options_.timings.traffic_interval = std::chrono::seconds(40);
  EventFeed often = Feed(std::nullopt, "run-1", true);
  All(often);
  sessions_.sessions["a"].received_bytes = 77;
  clock_.Advance(std::chrono::seconds(40));
  EXPECT_LE(often.deadline(), clock_.Now());
  const std::vector<SessionEvent> events = often.Take(10);
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].kind(), SessionEvent::KIND_TRAFFIC);
  EXPECT_EQ(events[0].session().received_bytes(), 77U);
  EXPECT_FALSE(events[0].has_cursor());
  EXPECT_FALSE(often.more());
  clock_.Advance(std::chrono::seconds(20));
  EXPECT_THAT(All(often), ElementsAre("PROGRESS"));
}

TEST_F(EventFeedTest, TrafficInSmallSteps_LiveEventsGoBetween) {
  for (const char* uid : {"a", "b", "c"}) sessions_.Establish(uid);
  EventFeed feed = Feed(std::nullopt, "run-1", true);
  All(feed);
  clock_.Advance(std::chrono::seconds(59));
  sessions_.Establish("d");
  All(feed);
  clock_.Advance(std::chrono::seconds(1));
  EXPECT_EQ(feed.Take(2).size(), 2U);
  sessions_.End("a");
  EXPECT_THAT(All(feed, 2), ElementsAre("DISCONNECTED a", "TRAFFIC c", "TRAFFIC d"));
}

TEST_F(EventFeedTest, Acks_AreCumulativeAndOnlyOfWhatWasSent) {
  EventFeed feed = Feed();
  All(feed);
  sessions_.Establish("a");
  sessions_.Establish("b");
  All(feed);
  EXPECT_EQ(feed.lag(), 2);
  v1::EventCursor cursor;
  cursor.set_broker_epoch("run-1");
  cursor.set_sequence(9);
  feed.OnAck(cursor);
  EXPECT_EQ(feed.lag(), 2);
  cursor.set_sequence(2);
  feed.OnAck(cursor);
  cursor.set_sequence(1);
  feed.OnAck(cursor);
  EXPECT_EQ(feed.lag(), 0);
}

}  // namespace
}  // namespace ovpnbroker::policy
