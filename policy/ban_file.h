// The text that keeps bans over a restart of the broker: a first line that names the format, a line
// for each ban, and a last line with their count and a checksum of all before it, so that a file
// that lost or changed a byte is told from the whole. Pure functions; any thread.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "policy/ban_list.h"

namespace ovpnbroker::policy {

// More is no ban file: the longest line is below 2 KiB, and a list holds BanList::kMaxBans.
inline constexpr size_t kMaxBanFileBytes = 1024UL * 1024 * 1024;

// One ban's line, with its line end.
std::string FormatBan(const Ban& ban);
// The whole file from its lines.
std::string FormatBanFile(const std::map<std::string, std::string>& lines_by_uid);
// INVALID_ARGUMENT with the line's number for anything that FormatBanFile does not make.
absl::StatusOr<std::vector<Ban>> ParseBanFile(absl::string_view text);

}  // namespace ovpnbroker::policy
