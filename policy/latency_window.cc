#include "policy/latency_window.h"

#include <algorithm>
#include <utility>

namespace ovpnbroker::policy {
namespace {

constexpr ovpn::Duration kSmallest = std::chrono::microseconds(20);

// The upper bound behind `bound`.
ovpn::Duration Next(ovpn::Duration bound) { return bound + bound / 5; }

}  // namespace

size_t LatencyWindow::BucketOf(ovpn::Duration latency) {
  size_t bucket = 0;
  for (ovpn::Duration bound = kSmallest; latency > bound && bucket + 1 < kBuckets; ++bucket) {
    bound = Next(bound);
  }
  return bucket;
}

void LatencyWindow::Rotate(ovpn::SteadyTime now) {
  if (now < begin_ + kPeriod) return;
  const bool recent = now < begin_ + 2 * kPeriod;
  previous_ = recent ? std::exchange(current_, {}) : Period();
  current_ = {};
  begin_ = recent ? begin_ + kPeriod : now;
}

void LatencyWindow::Add(ovpn::Duration latency, ovpn::SteadyTime now) {
  Rotate(now);
  ++current_.counts[BucketOf(latency)];
  ++current_.total;
  current_.max = std::max(current_.max, latency);
}

LatencySummary LatencyWindow::Summarize(ovpn::SteadyTime now) const {
  LatencyWindow rotated = *this;
  rotated.Rotate(now);
  const Period& a = rotated.current_;
  const Period& b = rotated.previous_;
  LatencySummary summary;
  summary.count = a.total + b.total;
  summary.max = std::max(a.max, b.max);
  const auto quantile = [&](uint64_t percent) {
    const uint64_t wanted = (summary.count * percent + 99) / 100;
    uint64_t seen = 0;
    ovpn::Duration bound = kSmallest;
    for (size_t i = 0; i < kBuckets; ++i, bound = Next(bound)) {
      seen += a.counts[i] + b.counts[i];
      if (seen >= wanted) break;
    }
    return std::min(bound, summary.max);
  };
  if (summary.count == 0) return summary;
  summary.p50 = quantile(50);
  summary.p90 = quantile(90);
  summary.p99 = quantile(99);
  return summary;
}

}  // namespace ovpnbroker::policy
