// ovpn-brokerd itself, as operators run it, with instances whose `openvpn` is a stand-in: a script
// that tells where its management socket should be and sleeps. Whoever measures listens there in
// its place (fake_daemons.h).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "ovpn/base/unique_fd.h"
#include "tests/bench/child_process.h"

namespace ovpnbroker::bench {

class DaemonProcess {
 public:
  // Starts the daemon of this build, with the sample clients' rules (SampleRulesText). Its log, at
  // the default level, goes to a file that goes with it.
  explicit DaemonProcess(size_t instances);
  // Ends it, and the stand-ins.
  ~DaemonProcess();
  DaemonProcess(const DaemonProcess&) = delete;
  DaemonProcess& operator=(const DaemonProcess&) = delete;

  // Waits until every stand-in has been started; gives the paths of their management sockets.
  std::vector<std::string> AwaitSockets();
  // Of all its threads so far, without children.
  double CpuSeconds() const;

 private:
  void WriteFiles() const;

  const size_t instances_;
  const SocketFolder folder_;
  ovpn::UniqueFd started_;  // the stand-ins write their paths into it
  ovpn::UniqueFd alive_;    // they end when it is closed
  std::unique_ptr<ChildProcess> process_;
};

}  // namespace ovpnbroker::bench
