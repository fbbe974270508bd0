// Whether a replica that holds its stream but does not answer should be asked. Failures in a row
// open the circuit; after a while one decision at a time probes it; an answer in time closes it. It
// only orders replicas: when no other one is ready an open circuit is asked all the same, since a
// late verdict is better than a certain failure, and without a verdict nobody gets in anyway. A
// value without clock or timer; loop thread only.
#pragma once

#include <optional>
#include <utility>

#include "ovpn/base/clock.h"

namespace ovpnbroker::policy {

enum class CircuitState {
  kClosed,    // asked as usual
  kOpen,      // not asked while there is somebody else
  kHalfOpen,  // one decision at a time finds out
};

class CircuitBreaker {
 public:
  // Opens after `max_failures` in a row, for `open_time`.
  CircuitBreaker(int max_failures, ovpn::Duration open_time)
      : max_failures_(max_failures), open_time_(open_time) {}

  CircuitState state(ovpn::SteadyTime now) const {
    if (!open_until_.has_value()) return CircuitState::kClosed;
    return now < *open_until_ ? CircuitState::kOpen : CircuitState::kHalfOpen;
  }

  // May it be asked before those that may not?
  bool allows(ovpn::SteadyTime now) const { return state(now) != CircuitState::kOpen; }

  // A decision goes there. A probe keeps the others away for as long as the circuit had been open,
  // so that a probe whose client left does not keep it half open for good.
  void OnAsked(ovpn::SteadyTime now) {
    if (state(now) == CircuitState::kHalfOpen) open_until_ = now + open_time_;
  }

  // True when it closes with this one.
  bool OnAnswered() {
    failures_ = 0;
    return std::exchange(open_until_, std::nullopt).has_value();
  }

  // No answer in time, or an answer that the policy failed. True when it opens with this one.
  bool OnFailed(ovpn::SteadyTime now) {
    const bool was_closed = !open_until_.has_value();
    if (was_closed && ++failures_ < max_failures_) return false;
    open_until_ = now + open_time_;
    return was_closed;
  }

 private:
  const int max_failures_;
  const ovpn::Duration open_time_;
  int failures_ = 0;                            // in a row, while closed
  std::optional<ovpn::SteadyTime> open_until_;  // absent: closed
};

}  // namespace ovpnbroker::policy
