// Exponential backoff with jitter as a value: no clock, no timer. Owned by the thing that retries.
#pragma once

#include <algorithm>
#include <random>

#include "ovpn/base/clock.h"

namespace ovpnbroker::ovpn {

class Backoff {
 public:
  struct Options {
    Duration initial;  // the first delay, before jitter; > 0
    Duration maximum;  // no delay is longer, jitter included; >= initial
    double multiplier = 2.0;
    double jitter = 0.2;  // each delay is drawn from [d * (1 - jitter), d * (1 + jitter)]; 0 to 1
  };

  // `seed` makes a sequence repeatable in tests.
  explicit Backoff(Options options, uint64_t seed = std::random_device{}())
      : options_(options), next_(options.initial), random_(seed) {}

  // The delay before the next attempt; each call is longer than the last, up to the maximum.
  Duration Next() {
    const Duration base = next_;
    const auto grown = std::chrono::duration<double, Duration::period>(
        static_cast<double>(next_.count()) * options_.multiplier);
    next_ = std::min(options_.maximum, std::chrono::duration_cast<Duration>(grown));
    std::uniform_real_distribution<double> factor(1.0 - options_.jitter, 1.0 + options_.jitter);
    const auto jittered = std::chrono::duration<double, Duration::period>(
        static_cast<double>(base.count()) * factor(random_));
    return std::min(options_.maximum, std::chrono::duration_cast<Duration>(jittered));
  }

  // Back to the first delay: call it when the thing has worked for a while.
  void Reset() { next_ = options_.initial; }

 private:
  Options options_;
  Duration next_;
  std::mt19937_64 random_;
};

}  // namespace ovpnbroker::ovpn
