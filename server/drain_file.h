// The text that keeps the drains of instances over a restart of the broker, a line for each; see
// counted_lines.h. Pure functions; any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ovpn/base/clock.h"

namespace ovpnbroker::server {

// Thousands of instances have less.
inline constexpr size_t kMaxDrainFileBytes = 16UL * 1024 * 1024;

struct KeptDrain {
  std::string instance;
  std::string reason;
  ovpn::WallTime start_time;
  std::optional<ovpn::WallTime> end_time = std::nullopt;  // the sessions that are left end then
};

std::string FormatDrains(const std::vector<KeptDrain>& drains);
// INVALID_ARGUMENT with the line's number for anything that FormatDrains does not make.
absl::StatusOr<std::vector<KeptDrain>> ParseDrains(absl::string_view text);

}  // namespace ovpnbroker::server
