// What is simulated. Plain values; any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace ovpnbroker::policy_sim {

// One sort of client. In `name` and `username`, `{}` stands for the client's number, from 1.
struct ClientKind {
  std::string name = "user-{}";  // common name of its certificate
  std::string username;
  uint32_t weight = 1;  // how often it comes, beside the others
  // More environment, and other values than the usual ones: {"IV_PLAT": "win"}.
  std::map<std::string, std::string> environment;
  std::string response;           // what it answers to a question (CR_TEXT); empty: nothing
  uint64_t bytes_per_second = 0;  // each way, while it is in
};

struct SimulationOptions {
  uint32_t clients = 100;
  double rate = 100;                             // arrivals a second
  std::chrono::duration<double> stay{0};         // then a client leaves; 0: it stays
  std::chrono::duration<double> renegotiate{0};  // between its key negotiations; 0: never
  std::string report = {};                       // file for the counts; empty: none
  std::vector<ClientKind> kinds = {ClientKind()};
};

// `path` is for messages: INVALID_ARGUMENT names file and line. `clients`, `rate`, `stay` and
// `renegotiate` (seconds), `report`, and `kinds`, a list of the fields of ClientKind.
absl::StatusOr<SimulationOptions> ParseOptions(const std::string& yaml, const std::string& path);
absl::StatusOr<SimulationOptions> ReadOptions(const std::string& path);

// What ParseOptions reads back.
std::string OptionsToYaml(const SimulationOptions& options);

}  // namespace ovpnbroker::policy_sim
