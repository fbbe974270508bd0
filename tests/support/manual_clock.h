// A Clock that stands still until a test moves it. Not thread-safe.
#pragma once

#include <chrono>

#include "ovpn/base/clock.h"

namespace ovpnbroker::test {

class ManualClock final : public ovpn::Clock {
 public:
  // Both clocks start away from their epochs, so that a time taken for "never" stands out.
  ManualClock() : now_(std::chrono::hours(1)), wall_now_(std::chrono::seconds(1'700'000'000)) {}

  ovpn::SteadyTime Now() const override { return now_; }
  ovpn::WallTime WallNow() const override { return wall_now_; }

  // Moves both clocks.
  void Advance(ovpn::Duration by) {
    now_ += by;
    wall_now_ += std::chrono::duration_cast<ovpn::WallTime::duration>(by);
  }
  // Moves the wall clock only, as an administrator or NTP does.
  void SetWall(ovpn::WallTime wall_now) { wall_now_ = wall_now; }

 private:
  ovpn::SteadyTime now_;
  ovpn::WallTime wall_now_;
};

}  // namespace ovpnbroker::test
