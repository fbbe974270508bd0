// A policy service in a process of its own, as policies are: the benchmark runs itself again with
// `--serve ADDRESS`. It allows everybody, with the configuration of an ordinary client.
#pragma once

#include <string>

#include "tests/bench/child_process.h"

namespace ovpnbroker::bench {

// Serves until killed when the arguments ask for it, and does not return then. Call it first.
void ServeIfAsked(int argc, char** argv);

class PolicyProcess {
 public:
  // Starts the service on a socket in a new folder; ends the program when it does not come up.
  PolicyProcess();

  const std::string& address() const { return address_; }
  // Stops and continues the whole process, transport included.
  void Freeze() const;
  void Thaw() const;

 private:
  const SocketFolder folder_;
  const std::string address_;
  const ChildProcess process_;
};

}  // namespace ovpnbroker::bench
