// Splits a line of an OpenVPN configuration file into words, exactly as OpenVPN's parse_line does.
// Pure; any thread.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace ovpnbroker::ovpn {

inline constexpr size_t kMaxConfigWords = 16;       // OpenVPN drops the rest of the line
inline constexpr size_t kMaxConfigWordBytes = 256;  // OpenVPN refuses a longer one

// The words of `line`, which ends with its newline if the file has one there; none for a blank
// line or a comment. INVALID_ARGUMENT where OpenVPN would stop with an error.
absl::StatusOr<std::vector<std::string>> SplitConfigLine(absl::string_view line);

}  // namespace ovpnbroker::ovpn
