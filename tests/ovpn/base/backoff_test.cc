#include "ovpn/base/backoff.h"

#include <gtest/gtest.h>

#include <chrono>
#include <set>

namespace ovpnbroker::ovpn {
namespace {

using std::chrono::milliseconds;

TEST(Backoff, WithoutJitter_DoublesUpToTheMaximum) {
  Backoff backoff({.initial = milliseconds(100), .maximum = milliseconds(500), .jitter = 0});
  EXPECT_EQ(backoff.Next(), milliseconds(100));
  EXPECT_EQ(backoff.Next(), milliseconds(200));
  EXPECT_EQ(backoff.Next(), milliseconds(400));
  EXPECT_EQ(backoff.Next(), milliseconds(500));
  EXPECT_EQ(backoff.Next(), milliseconds(500));
}

TEST(Backoff, Reset_StartsOver) {
  Backoff backoff({.initial = milliseconds(100), .maximum = milliseconds(500), .jitter = 0});
  backoff.Next();
  backoff.Next();
  backoff.Reset();
  EXPECT_EQ(backoff.Next(), milliseconds(100));
}

TEST(Backoff, WithJitter_StaysInItsBoundsAndVaries) {
  Backoff backoff({.initial = milliseconds(1000), .maximum = milliseconds(1100), .jitter = 0.2}, 1);
  std::set<Duration> delays;
  for (int i = 0; i < 200; ++i) {
    const Duration delay = backoff.Next();
    EXPECT_GE(delay, milliseconds(800));
    EXPECT_LE(delay, milliseconds(1100)) << "the maximum holds after jitter";
    delays.insert(delay);
  }
  EXPECT_GT(delays.size(), 50U);
}

TEST(Backoff, SameSeed_SameSequence) {
  const Backoff::Options options = {.initial = milliseconds(100), .maximum = milliseconds(10'000)};
  Backoff one(options, 7);
  Backoff two(options, 7);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(one.Next(), two.Next());
}

TEST(Backoff, LongMaximum_DoesNotOverflow) {
  Backoff backoff(
      {.initial = milliseconds(1), .maximum = std::chrono::hours(24 * 365), .jitter = 0});
  Duration last{};
  for (int i = 0; i < 200; ++i) {
    const Duration delay = backoff.Next();
    EXPECT_GE(delay, last);
    last = delay;
  }
  EXPECT_EQ(last, std::chrono::hours(24 * 365));
}

}  // namespace
}  // namespace ovpnbroker::ovpn
