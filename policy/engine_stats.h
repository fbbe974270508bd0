// The engine's counters since it was made. A snapshot is a plain value; the metrics exporter turns
// it into series.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>

#include "ovpn/base/clock.h"
#include "policy/decision_record.h"

namespace ovpnbroker::policy {

// Counts of decisions by the time from Submit to the answer.
class LatencyHistogram {
 public:
  // Upper bounds, inclusive; the last bucket has none.
  static constexpr std::array<std::chrono::microseconds, 12> kBounds = {
      std::chrono::microseconds(100),  std::chrono::microseconds(500),
      std::chrono::milliseconds(1),    std::chrono::milliseconds(5),
      std::chrono::milliseconds(10),   std::chrono::milliseconds(50),
      std::chrono::milliseconds(100),  std::chrono::milliseconds(500),
      std::chrono::milliseconds(1000), std::chrono::milliseconds(2000),
      std::chrono::milliseconds(5000), std::chrono::milliseconds(10000)};
  static constexpr size_t kBucketCount = kBounds.size() + 1;

  void Add(ovpn::Duration latency) {
    size_t bucket = 0;
    while (bucket < kBounds.size() && latency > kBounds[bucket]) ++bucket;
    ++buckets_[bucket];
    ++count_;
    sum_ += latency;
  }

  // Not cumulative.
  const std::array<uint64_t, kBucketCount>& buckets() const { return buckets_; }
  uint64_t count() const { return count_; }
  ovpn::Duration sum() const { return sum_; }

 private:
  std::array<uint64_t, kBucketCount> buckets_ = {};
  uint64_t count_ = 0;
  ovpn::Duration sum_{};
};

struct EngineStats {
  uint64_t Total(DecisionResult result) const { return totals[static_cast<size_t>(result)]; }

  uint64_t open = 0;        // now
  uint64_t remembered = 0;  // now: ended, kept for outcomes and late replies
  std::array<uint64_t, kDecisionResultCount> totals = {};  // ended decisions by DecisionResult
  uint64_t failure_mode_allowed = 0;  // also counted under the failure they had
  uint64_t kept_last = 0;             // likewise
  uint64_t admission_denied = 0;      // allowed by the policy, denied by limits or an empty pool
  uint64_t late_replies = 0;          // replies to decisions that had ended, and second ones
  uint64_t steps = 0;                 // further steps put to clients
  uint64_t retries = 0;               // attempts after the first
  LatencyHistogram latency;           // of decisions that were answered
};

}  // namespace ovpnbroker::policy
