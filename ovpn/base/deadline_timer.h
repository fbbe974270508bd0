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
      : timer_(loop), state_(std::make_shared<State>(State{std::move(on_deadline), {}, {}, 0})) {}
  ~DeadlineTimer() { ++state_->generation; }
  DeadlineTimer(const DeadlineTimer&) = delete;
  DeadlineTimer& operator=(const DeadlineTimer&) = delete;

  // Calls back once at `deadline`, instead of at any deadline given before; nullopt disarms. A
  // deadline in the past calls back in the next loop turn, never from inside Arm.
  void Arm(std::optional<SteadyTime> deadline) {
    if (deadline == state_->armed) return;
    state_->armed = deadline;
    if (!deadline.has_value()) {
      ++state_->generation;
      state_->set.reset();
      timer_.cancel();
    } else if (!state_->set.has_value() || *deadline < *state_->set) {
      SetTimer();
    }
  }

 private:
  struct State {
    std::function<void()> on_deadline;
    std::optional<SteadyTime> armed;
    // What the timer is set to. A deadline that moves away leaves it there and is found again when
    // the timer is due: to set it costs a system call, and the next deadline of many clients moves
    // with each answer.
    std::optional<SteadyTime> set;
    uint64_t generation;
  };

  void SetTimer() {
    state_->set = state_->armed;
    timer_.expires_at(*state_->armed);
    // The state outlives this object: a completion that is already queued finds a newer generation
    // and does nothing.
    timer_.async_wait(
        [this, state = state_, generation = ++state_->generation](const asio::error_code& error) {
          if (error || generation != state->generation) return;
          const bool due = state->armed == state->set;
          state->set.reset();
          if (!due) return SetTimer();
          state->armed.reset();
          state->on_deadline();
        });
  }

  asio::steady_timer timer_;
  const std::shared_ptr<State> state_;
};

}  // namespace ovpnbroker::ovpn
