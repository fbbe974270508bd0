// Time: the two clocks the broker reads, behind one interface so that tests move time by hand.
// Deadlines and latencies use SteadyTime; what people read uses WallTime. Any thread may read a
// Clock.
#pragma once

#include <chrono>

namespace ovpnbroker::ovpn {

using SteadyTime = std::chrono::steady_clock::time_point;
using WallTime = std::chrono::system_clock::time_point;
using Duration = std::chrono::steady_clock::duration;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual SteadyTime Now() const = 0;
  virtual WallTime WallNow() const = 0;
};

class SystemClock final : public Clock {
 public:
  SteadyTime Now() const override { return std::chrono::steady_clock::now(); }
  WallTime WallNow() const override { return std::chrono::system_clock::now(); }
};

}  // namespace ovpnbroker::ovpn
