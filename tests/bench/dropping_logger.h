// Takes what the daemon logs at its default level and drops it, formatted: benchmarks do not
// measure the terminal.
#pragma once

#include "ovpn/base/log.h"

namespace ovpnbroker::bench {

class DroppingLogger final : public ovpn::Logger {
 public:
  bool Enabled(ovpn::LogLevel level) const override { return level >= ovpn::LogLevel::kInfo; }
  void Write(ovpn::LogLevel, absl::string_view, absl::string_view,
             absl::Span<const ovpn::LogField>) override {}
};

}  // namespace ovpnbroker::bench
