// The engine's alarm on the loop. Owned by the broker beside the engine and destroyed before it;
// loop thread only.
#pragma once

#include <asio/io_context.hpp>

#include "ovpn/base/deadline_timer.h"
#include "policy/engine.h"

namespace ovpnbroker::policy {

class EngineTimer {
 public:
  // `loop` and `engine` outlive this.
  EngineTimer(asio::io_context& loop, DecisionEngine& engine)
      : engine_(engine), timer_(loop, [this] { engine_.OnDeadline(); }) {
    engine_.SetDeadlineListener(
        [this](std::optional<ovpn::SteadyTime> deadline) { timer_.Arm(deadline); });
  }
  ~EngineTimer() { engine_.SetDeadlineListener(nullptr); }
  EngineTimer(const EngineTimer&) = delete;
  EngineTimer& operator=(const EngineTimer&) = delete;

 private:
  DecisionEngine& engine_;
  ovpn::DeadlineTimer timer_;
};

}  // namespace ovpnbroker::policy
