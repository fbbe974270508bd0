// The simulator as people start it: a broker around a simulated server, live counts, a summary.
#pragma once

#include <chrono>
#include <string>

#include "server/policy_sim/options.h"

namespace ovpnbroker::policy_sim {

struct DriverOptions {
  SimulationOptions simulation;
  std::string policy;     // address; or
  std::string rules;      // a rules file
  bool insecure = false;  // plain TCP on loopback
  bool grant_password = false;
  bool grant_commands = false;
  std::chrono::seconds run_for{0};  // after all were answered, for what clients do then
  std::chrono::seconds limit{60};   // for all to be answered
  std::string broker;               // the program
};

// Exit codes of ovpn-policy-sim.
inline constexpr int kAllAnswered = 0;
inline constexpr int kNotAllAnswered = 1;
inline constexpr int kUsage = 2;

int RunDriver(const DriverOptions& options);

// Where the broker is: beside this program, in its build tree, or on the PATH.
std::string FindBroker();

}  // namespace ovpnbroker::policy_sim
