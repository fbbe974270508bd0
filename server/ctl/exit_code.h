// What ovpn-brokerctl tells its caller. Scripts rely on the numbers; --help lists them.
#pragma once

namespace ovpnbroker::ctl {

enum class ExitCode : int {
  kOk = 0,
  kFailed = 1,       // the broker refused or could not do it
  kUsage = 2,        // wrong arguments, or a configuration with errors
  kUnreachable = 3,  // no broker answers at the socket
  kNotFound = 4,     // no such session or instance
  kDifferent = 5,    // replay: a verdict is not as recorded
  kNotServing = 6,   // health: something does not serve
};

}  // namespace ovpnbroker::ctl
