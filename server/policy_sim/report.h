// What a simulation counts, and the file that carries it from the daemon to whoever started it.
// Plain values; any thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace ovpnbroker::policy_sim {

struct Report {
  uint64_t arrived = 0;  // clients that asked
  uint64_t allowed = 0;
  uint64_t denied = 0;
  uint64_t waiting = 0;  // asked, no answer yet
  uint64_t in = 0;       // have a tunnel now
  uint64_t steps = 0;    // questions and pages that were put to clients
  uint64_t renegotiated = 0;
  uint64_t refused = 0;  // in a renegotiation
  uint64_t left = 0;     // by themselves
  uint64_t killed = 0;
  bool done = false;  // all have come and were answered
  // From a client's question to its answer, in microseconds; of connects.
  uint64_t latency_p50 = 0;
  uint64_t latency_p99 = 0;
  uint64_t latency_max = 0;
  // What denied clients read, with how many; "AUTH_FAILED" for those who are told nothing.
  std::map<std::string, uint64_t> reasons;
};

// Sets the latencies; `micros` need not be sorted.
void SetLatencies(std::vector<uint64_t> micros, Report& report);

std::string ReportToText(const Report& report);
// INVALID_ARGUMENT names the line.
absl::StatusOr<Report> ParseReport(const std::string& text);

}  // namespace ovpnbroker::policy_sim
