// Commands that ask OpenVPN or choose what it notifies, and change nothing for its clients: what
// tools behind a pass-through socket may have sent on their behalf. Built from numbers only. Pure
// functions; any thread.
#pragma once

#include <cstdint>
#include <optional>

#include "absl/strings/string_view.h"
#include "ovpn/management/command.h"

namespace ovpnbroker::ovpn {

// What OpenVPN remembers lines of, and can notify as they come.
enum class Topic { kLog, kEcho, kState };

// "log", "echo", "state": also the command's name.
absl::string_view ToString(Topic topic);

// OpenVPN counts a history down from the number that it is asked for, in its only thread. Whoever
// asks for more lines than this gets all.
inline constexpr int kMaxHistoryLines = 100'000;

namespace commands {

Command Realtime(Topic topic, bool on);
// The last `lines` lines, oldest first; nullopt: all.
Command History(Topic topic, std::optional<int> lines);
Command LoadStats();
Command ClientCount();
// The values in force; these forms set nothing.
Command HoldFlag();
Command Verbosity();
Command MuteLevel();

}  // namespace commands

}  // namespace ovpnbroker::ovpn
