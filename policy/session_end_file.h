// The text that keeps the ends of sessions over a restart of the broker, a line for each; see
// counted_lines.h. Pure functions; any thread.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "policy/session_ends.h"

namespace ovpnbroker::policy {

// A million sessions have less.
inline constexpr size_t kMaxSessionEndFileBytes = 128UL * 1024 * 1024;

std::string FormatSessionEnds(const std::vector<SessionEnd>& ends);
// INVALID_ARGUMENT with the line's number for anything that FormatSessionEnds does not make.
absl::StatusOr<std::vector<SessionEnd>> ParseSessionEnds(absl::string_view text);

}  // namespace ovpnbroker::policy
