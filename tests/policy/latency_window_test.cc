#include "policy/latency_window.h"

#include <gtest/gtest.h>

namespace ovpnbroker::policy {
namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): durations in tests

constexpr ovpn::SteadyTime kStart{std::chrono::hours(1)};

TEST(LatencyWindow, Empty_HasNoCount) { EXPECT_EQ(LatencyWindow().Summarize(kStart).count, 0U); }

TEST(LatencyWindow, Quantiles_AreUpperBoundsWithinAFifth) {
  LatencyWindow window;
  for (int i = 1; i <= 1000; ++i) window.Add(std::chrono::milliseconds(i), kStart);
  const LatencySummary summary = window.Summarize(kStart);
  EXPECT_EQ(summary.count, 1000U);
  EXPECT_EQ(summary.max, 1000ms);
  EXPECT_GE(summary.p50, 500ms);
  EXPECT_LE(summary.p50, 600ms);
  EXPECT_GE(summary.p90, 900ms);
  EXPECT_GE(summary.p99, 990ms);
  EXPECT_LE(summary.p99, summary.max);
}

TEST(LatencyWindow, OneAnswer_IsItsOwnQuantile) {
  LatencyWindow window;
  window.Add(3ms, kStart);
  EXPECT_EQ(window.Summarize(kStart).p50, 3ms);
}

TEST(LatencyWindow, OldAnswers_AreForgotten) {
  LatencyWindow window;
  window.Add(9s, kStart);
  window.Add(1ms, kStart + 6min);
  EXPECT_EQ(window.Summarize(kStart + 6min).count, 2U);
  EXPECT_EQ(window.Summarize(kStart + 10min).count, 1U);
  EXPECT_EQ(window.Summarize(kStart + 10min).max, 1ms);
  EXPECT_EQ(window.Summarize(kStart + 30min).count, 0U);
}

TEST(LatencyWindow, LongestAnswers_HaveABucket) {
  LatencyWindow window;
  window.Add(24h, kStart);
  EXPECT_GT(window.Summarize(kStart).p50, 5min);
}

}  // namespace
}  // namespace ovpnbroker::policy
