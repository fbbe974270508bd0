// One line of OpenVPN's own log, as it prints it with --machine-readable-output:
// "SECONDS.MICROSECONDS FLAGS TEXT", FLAGS in hexadecimal. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "ovpn/base/clock.h"
#include "ovpn/base/log.h"

namespace ovpnbroker::ovpn {

// OpenVPN's own message levels.
enum class OpenvpnLogLevel { kFatal, kNonFatal, kWarning, kInfo, kDebug };

struct OpenvpnLogLine {
  std::optional<WallTime> time;  // when OpenVPN said it; none if the line has no stamp
  OpenvpnLogLevel level = OpenvpnLogLevel::kInfo;
  uint32_t flags = 0;  // OpenVPN's flags word as printed; 0 if the line has no stamp
  // The bytes after the stamp, without clients' answers to challenges; not necessarily UTF-8.
  std::string text;
};

// Every line gives a result: one without the stamp (a second line of a message, the dynamic linker,
// a usage error before the option was read) is the whole text at kInfo.
OpenvpnLogLine ParseOpenvpnLogLine(absl::string_view line);

// The level of the broker's log for a line of OpenVPN's. A non-fatal error is a warning there: any
// stranger's packet can cause one ("TLS Error: ...").
LogLevel ToLogLevel(OpenvpnLogLevel level);
// "FATAL", "NONFATAL", "WARNING", "INFO", "DEBUG"
absl::string_view ToString(OpenvpnLogLevel level);

}  // namespace ovpnbroker::ovpn
