// How long answers took lately: a histogram of the last five to ten minutes, with buckets that grow
// by a fifth, so that a quantile is at most a fifth too high. Constant memory. Owned by whoever
// asks; loop thread only.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "ovpn/base/clock.h"

namespace ovpnbroker::policy {

struct LatencySummary {
  uint64_t count = 0;
  ovpn::Duration p50{};
  ovpn::Duration p90{};
  ovpn::Duration p99{};
  ovpn::Duration max{};
};

class LatencyWindow {
 public:
  void Add(ovpn::Duration latency, ovpn::SteadyTime now);
  LatencySummary Summarize(ovpn::SteadyTime now) const;

 private:
  static constexpr size_t kBuckets = 96;
  static constexpr std::chrono::minutes kPeriod{5};

  struct Period {
    std::array<uint32_t, kBuckets> counts{};
    uint64_t total = 0;
    ovpn::Duration max{};
  };

  static size_t BucketOf(ovpn::Duration latency);
  // Moves on to the period of `now`.
  void Rotate(ovpn::SteadyTime now);

  ovpn::SteadyTime begin_{};  // of current_
  Period current_;
  Period previous_;
};

}  // namespace ovpnbroker::policy
