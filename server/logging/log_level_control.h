// The level of the log: the configured one, or for a while another one that an operator asked for.
// Owned by main; loop thread only.
#pragma once

#include <asio/io_context.hpp>
#include <functional>
#include <optional>
#include <utility>

#include "ovpn/base/clock.h"
#include "ovpn/base/deadline_timer.h"
#include "ovpn/base/log.h"

namespace ovpnbroker::server {

class LogLevelControl {
 public:
  struct Status {
    ovpn::LogLevel level;
    ovpn::LogLevel configured;
    std::optional<ovpn::WallTime> reset_time;  // when the level falls back by itself
  };

  // `apply` puts a level into force; `configured` already is.
  LogLevelControl(asio::io_context& loop, const ovpn::Clock& clock, ovpn::LogLevel configured,
                  std::function<void(ovpn::LogLevel)> apply)
      : clock_(clock),
        configured_(configured),
        level_(configured),
        apply_(std::move(apply)),
        timer_(loop, [this] { Reset(); }) {}

  // Without `ttl` until Reset or a new configuration.
  void Set(ovpn::LogLevel level, std::optional<ovpn::Duration> ttl) {
    reset_time_.reset();
    timer_.Arm(std::nullopt);
    if (ttl.has_value()) {
      timer_.Arm(clock_.Now() + *ttl);
      reset_time_ = clock_.WallNow() + std::chrono::duration_cast<ovpn::WallTime::duration>(*ttl);
    }
    level_ = level;
    apply_(level);
  }
  void Reset() { Set(configured_, std::nullopt); }
  // From a configuration that was read again. A level that somebody set meanwhile stays, if the
  // configured one has not changed.
  void SetConfigured(ovpn::LogLevel configured) {
    if (configured == configured_) return;
    configured_ = configured;
    Reset();
  }

  Status status() const { return {level_, configured_, reset_time_}; }

 private:
  const ovpn::Clock& clock_;
  ovpn::LogLevel configured_;
  ovpn::LogLevel level_;
  std::optional<ovpn::WallTime> reset_time_;
  const std::function<void(ovpn::LogLevel)> apply_;
  ovpn::DeadlineTimer timer_;
};

}  // namespace ovpnbroker::server
