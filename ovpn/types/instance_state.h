// Where an instance (one configured OpenVPN server) is in its life. A value; any thread.
#pragma once

#include "absl/strings/string_view.h"

namespace ovpnbroker::ovpn {

enum class InstanceState {
  kStopped,
  kStarting,
  kHolding,
  kRunning,
  kStopping,
  kBackoff,
  kFailed,
  kDetached,  // OpenVPN runs, the broker has let go of its management connection
};

// "STOPPED", "STARTING", ...
absl::string_view ToString(InstanceState state);

}  // namespace ovpnbroker::ovpn
