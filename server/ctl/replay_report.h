// What a replay found, for people and for programs. Single-threaded.
#pragma once

#include <ostream>
#include <string>

#include "server/replay/replayer.h"

namespace ovpnbroker::ctl {

// Differences beyond this are counted and not shown in text; JSON has all.
inline constexpr size_t kMaxShownDifferences = 100;

void PrintReplayText(const server::Replayer::Recording& recording,
                     const server::ReplayReport& report, std::ostream& out);
// {"asked", "same", "failed", "different", "differences": [...], "latency_ms": {...}, "seconds"}.
std::string ReplayJson(const server::Replayer::Recording& recording,
                       const server::ReplayReport& report);

}  // namespace ovpnbroker::ctl
