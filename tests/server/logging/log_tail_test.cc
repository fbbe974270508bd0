#include "server/logging/log_tail.h"

#include <gtest/gtest.h>

#include "tests/support/manual_clock.h"
#include "tests/support/recording_logger.h"

namespace ovpnbroker::server {
namespace {

class LogTailTest : public testing::Test {
 protected:
  void WriteLines(int count) {
    for (int i = 0; i < count; ++i) tail_.Info("TEST", "a line", {{"instance", "office"}});
  }

  test::ManualClock clock_;
  test::RecordingLogger logger_;
  LogTail tail_{logger_, clock_, /*capacity=*/4};
};

TEST_F(LogTailTest, Write_PassesOnAndRemembers) {
  WriteLines(1);
  EXPECT_EQ(logger_.Count("TEST"), 1);
  const LogTail::Batch batch = tail_.Read(0, 10);
  ASSERT_EQ(batch.entries.size(), 1U);
  EXPECT_EQ(batch.entries[0]->sequence, 1U);
  EXPECT_EQ(batch.entries[0]->fields[0].second, "office");
}

TEST_F(LogTailTest, ReaderThatKeepsUp_LosesNothing) {
  uint64_t place = 0;
  for (int round = 0; round < 5; ++round) {
    WriteLines(4);
    const LogTail::Batch batch = tail_.Read(place, 10);
    EXPECT_FALSE(batch.lost);
    ASSERT_EQ(batch.entries.size(), 4U);
    EXPECT_EQ(batch.entries.front()->sequence, place + 1);
    place = batch.entries.back()->sequence;
  }
  EXPECT_TRUE(tail_.Read(place, 10).entries.empty());
}

TEST_F(LogTailTest, ReaderThatFellOut_IsTold) {
  WriteLines(5);
  EXPECT_TRUE(tail_.Read(0, 10).lost);
  EXPECT_FALSE(tail_.Read(1, 10).lost);
}

TEST_F(LogTailTest, PlaceBefore_IsBoundedByWhatIsRemembered) {
  WriteLines(6);
  const auto all = [](const LogEntry&) { return true; };
  EXPECT_EQ(tail_.PlaceBefore(0, all), 6U);
  EXPECT_EQ(tail_.PlaceBefore(2, all), 4U);
  EXPECT_EQ(tail_.PlaceBefore(100, all), 2U);
  EXPECT_EQ(tail_.Read(tail_.PlaceBefore(100, all), 2).entries.size(), 2U);
}

TEST_F(LogTailTest, PlaceBefore_CountsOnlyWhatIsWanted) {
  WriteLines(4);
  const auto odd = [](const LogEntry& entry) { return entry.sequence % 2 == 1; };
  EXPECT_EQ(tail_.PlaceBefore(1, odd), 2U);
  EXPECT_EQ(tail_.PlaceBefore(100, odd), 0U);
  const auto none = [](const LogEntry&) { return false; };
  EXPECT_EQ(tail_.PlaceBefore(100, none), 4U);
}

TEST_F(LogTailTest, Listener_IsWokenUntilItIsRemoved) {
  int woken = 0;
  const uint64_t listener = tail_.AddListener([&woken] { ++woken; });
  WriteLines(2);
  tail_.RemoveListener(listener);
  WriteLines(2);
  EXPECT_EQ(woken, 2);
}

}  // namespace
}  // namespace ovpnbroker::server
