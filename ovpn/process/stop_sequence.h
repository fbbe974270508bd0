// Ending a child that may not want to: SIGTERM, and SIGKILL when the timeout has passed. Pure: the
// caller sends the signals and sets the alarm. Owned by whoever ends the process; loop thread only.
#pragma once

#include <optional>

#include "ovpn/base/clock.h"

namespace ovpnbroker::ovpn {

class StopSequence {
 public:
  // `stop_timeout`: what the child gets between SIGTERM and SIGKILL.
  explicit StopSequence(Duration stop_timeout) : stop_timeout_(stop_timeout) {}

  // Begins. Returns the signal to send now, or nothing if it has begun already.
  std::optional<int> Begin(SteadyTime now);
  // The signal to send at `now`, or nothing. SIGKILL is told once.
  std::optional<int> OnDeadline(SteadyTime now);
  // When to call OnDeadline; nothing when no signal is left to send.
  std::optional<SteadyTime> next_deadline() const { return kill_at_; }
  // The child has ended: ready to be used for the next one.
  void Reset();

  bool begun() const { return begun_; }
  // SIGKILL was told: the child did not end in time.
  bool escalated() const { return begun_ && !kill_at_.has_value(); }

 private:
  Duration stop_timeout_;
  bool begun_ = false;
  std::optional<SteadyTime> kill_at_;
};

}  // namespace ovpnbroker::ovpn
