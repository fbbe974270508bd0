// One timer on the loop for a thing that knows its own next deadline (engine, instance,
// connection): the thing stays a pure state machine, this is its alarm clock. Owned by the thing's
// shell; loop thread only. Destroying it cancels.
#pragma once

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "ovpn/base/clock.h"

namespace ovpnbroker::ovpn {

class DeadlineTimer {
 public:
  DeadlineTimer(asio::io_context& loop, std::function<void()> on_deadline)
      : timer_(loop), state_(std::make_shared<State>(State{std::move(on_deadline), {}, 0})) {}
  ~DeadlineTimer() { ++state_->generation; }
  DeadlineTimer(const DeadlineTimer&) = delete;
  DeadlineTimer& operator=(const DeadlineTimer&) = delete;

  // Calls back once at `deadline`, instead of at any deadline given before; nullopt disarms. A
  // deadline in the past calls back in the next loop turn, never from inside Arm.
  void Arm(std::optional<SteadyTime> deadline) {
    if (deadline == state_->armed) return;
    state_->armed = deadline;
    const uint64_t generation = ++state_->generation;
    if (!deadline.has_value()) {
      timer_.cancel();
      return;
    }
    timer_.expires_at(*deadline);
    // The state outlives the timer: a completion that is already queued finds a newer generation
    // and does nothing.
    timer_.async_wait([state = state_, generation](const asio::error_code& error) {
      if (error || generation != state->generation) return;
      state->armed.reset();
      state->on_deadline();
    });
  }

 private:
  struct State {
    std::function<void()> on_deadline;
    std::optional<SteadyTime> armed;
    uint64_t generation;
  };

  asio::steady_timer timer_;
  std::shared_ptr<State> state_;
};

}  // namespace ovpnbroker::ovpn
