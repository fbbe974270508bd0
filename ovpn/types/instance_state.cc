#include "ovpn/types/instance_state.h"

namespace ovpnbroker::ovpn {

absl::string_view ToString(InstanceState state) {
  switch (state) {
    case InstanceState::kStopped:
      return "STOPPED";
    case InstanceState::kStarting:
      return "STARTING";
    case InstanceState::kHolding:
      return "HOLDING";
    case InstanceState::kRunning:
      return "RUNNING";
    case InstanceState::kStopping:
      return "STOPPING";
    case InstanceState::kBackoff:
      return "BACKOFF";
    case InstanceState::kFailed:
      return "FAILED";
    case InstanceState::kDetached:
      return "DETACHED";
  }
  return "UNKNOWN";
}

}  // namespace ovpnbroker::ovpn
