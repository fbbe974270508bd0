#include "ovpn/process/stop_sequence.h"

#include <signal.h>

namespace ovpnbroker::ovpn {

std::optional<int> StopSequence::Begin(SteadyTime now) {
  if (begun_) return std::nullopt;
  begun_ = true;
  kill_at_ = now + stop_timeout_;
  return SIGTERM;
}

std::optional<int> StopSequence::OnDeadline(SteadyTime now) {
  if (!kill_at_.has_value() || now < *kill_at_) return std::nullopt;
  kill_at_.reset();
  return SIGKILL;
}

void StopSequence::Reset() {
  begun_ = false;
  kill_at_.reset();
}

}  // namespace ovpnbroker::ovpn
