// google.protobuf.Duration as the domain's Duration. The configuration check has bounded every
// duration, so nothing overflows. Pure; any thread.
#pragma once

#include <google/protobuf/duration.pb.h>

#include "ovpn/base/clock.h"

namespace ovpnbroker::server {

inline ovpn::Duration ToDuration(const google::protobuf::Duration& duration) {
  return std::chrono::seconds(duration.seconds()) + std::chrono::nanoseconds(duration.nanos());
}

inline std::chrono::seconds ToSeconds(const google::protobuf::Duration& duration) {
  return std::chrono::seconds(duration.seconds());
}

}  // namespace ovpnbroker::server
