// What the tools of one pass-through socket did, since the instance was made: for metrics. Values.
#pragma once

#include <cstdint>

namespace ovpnbroker::ovpn {

struct PassthroughCounters {
  uint64_t forwarded = 0;    // commands that OpenVPN was asked about
  uint64_t refused = 0;      // commands
  uint64_t cut = 0;          // tools that did not read what they had asked for
  uint64_t turned_away = 0;  // tools that found no room
};

}  // namespace ovpnbroker::ovpn
