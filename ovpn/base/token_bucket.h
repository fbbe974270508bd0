// A rate limit with a burst, as a state machine on `now`. Not thread-safe.
#pragma once

#include <algorithm>
#include <chrono>

#include "ovpn/base/clock.h"

namespace ovpnbroker::ovpn {

class TokenBucket {
 public:
  // Starts full. `rate` > 0 is in tokens a second.
  TokenBucket(double rate, double burst, SteadyTime now)
      : rate_(rate), burst_(burst), tokens_(burst), filled_(now) {}

  // Takes one token if there is one.
  bool Take(SteadyTime now) {
    Fill(now);
    if (tokens_ < 1) return false;
    tokens_ -= 1;
    return true;
  }

  // How long until Take can succeed.
  Duration Wait(SteadyTime now) {
    Fill(now);
    if (tokens_ >= 1) return Duration::zero();
    return std::chrono::ceil<std::chrono::milliseconds>(
        std::chrono::duration<double>((1 - tokens_) / rate_));
  }

 private:
  void Fill(SteadyTime now) {
    const double seconds = std::chrono::duration<double>(now - filled_).count();
    tokens_ = std::min(burst_, tokens_ + std::max(0.0, seconds) * rate_);
    filled_ = std::max(filled_, now);
  }

  const double rate_;
  const double burst_;
  double tokens_;
  SteadyTime filled_;
};

}  // namespace ovpnbroker::ovpn
