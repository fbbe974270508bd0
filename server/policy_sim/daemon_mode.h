// The simulator in OpenVPN's place: started by the broker with OpenVPN's command line, it serves
// the management socket until SIGTERM.
#pragma once

#include <string>
#include <vector>

namespace ovpnbroker::policy_sim {

// True when `arguments` (without the program's name) are those that the broker gives to OpenVPN.
bool IsDaemonCommandLine(const std::vector<std::string>& arguments);

// The exit code.
int RunDaemon(const std::vector<std::string>& arguments);

}  // namespace ovpnbroker::policy_sim
