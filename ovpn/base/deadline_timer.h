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
      : state_(std::make_shared<State>(loop, std::move(on_deadline))) {}
  ~DeadlineTimer() { state_->Cancel(); }
  DeadlineTimer(const DeadlineTimer&) = delete;
  DeadlineTimer& operator=(const DeadlineTimer&) = delete;

  // Calls back once at `deadline`, instead of at any deadline given before; nullopt disarms. A
  // deadline in the past calls back in the next loop turn, never from inside Arm.
  void Arm(std::optional<SteadyTime> deadline) {
    if (deadline == state_->armed) return;
    state_->armed = deadline;
    if (!deadline.has_value()) {
      state_->Cancel();
    } else if (!state_->set.has_value() || *deadline < *state_->set) {
      Set(state_);
    }
  }

 private:
  struct State {
    State(asio::io_context& loop, std::function<void()> callback)
        : timer(loop), on_deadline(std::move(callback)) {}

    void Cancel() {
      ++generation;
      set.reset();
      timer.cancel();
    }

    asio::steady_timer timer;
    std::function<void()> on_deadline;
    std::optional<SteadyTime> armed;
    // What the timer is set to. A deadline that moves away leaves it there and is found again when
    // the timer is due: to set it costs a system call, and the next deadline of many clients moves
    // with each answer.
    std::optional<SteadyTime> set;
    uint64_t generation = 0;
  };

  static void Set(const std::shared_ptr<State>& state) {
    state->set = state->armed;
    const uint64_t generation = ++state->generation;
    state->timer.expires_at(*state->armed);
    // A completion that is already queued finds a newer generation and does nothing.
    state->timer.async_wait([state, generation](const asio::error_code& error) {
      if (error || generation != state->generation) return;
      const bool due = state->armed == state->set;
      state->set.reset();
      if (!due) return Set(state);
      state->armed.reset();
      state->on_deadline();
    });
  }

  const std::shared_ptr<State> state_;
};

}  // namespace ovpnbroker::ovpn
