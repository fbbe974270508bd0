// Whether a replica still answers, as a state machine on `now`: after a time of silence a heartbeat
// is due, and after some unanswered ones the stream is dead. Owned by a Replica; loop thread only.
#pragma once

#include <cstdint>

#include "ovpn/base/clock.h"

namespace ovpnbroker::policy {

class Liveness {
 public:
  enum class Action { kNone, kSendHeartbeat, kGiveUp };

  Liveness(ovpn::Duration interval, int max_missed, ovpn::SteadyTime now)
      : interval_(interval), max_missed_(max_missed), deadline_(now + interval) {}

  // Any message shows life; an echo is only what an idle policy has to say.
  void OnReceived(ovpn::SteadyTime now) {
    missed_ = 0;
    deadline_ = now + interval_;
  }

  // What is due at `now`. With kSendHeartbeat the caller sends one of sequence().
  Action Tick(ovpn::SteadyTime now) {
    if (now < deadline_) return Action::kNone;
    if (missed_ >= max_missed_) return Action::kGiveUp;
    ++missed_;
    ++sequence_;
    deadline_ = now + interval_;
    return Action::kSendHeartbeat;
  }

  ovpn::SteadyTime deadline() const { return deadline_; }
  int64_t sequence() const { return sequence_; }

 private:
  const ovpn::Duration interval_;
  const int max_missed_;
  ovpn::SteadyTime deadline_;
  int missed_ = 0;  // heartbeats since the last message came
  int64_t sequence_ = 0;
};

}  // namespace ovpnbroker::policy
