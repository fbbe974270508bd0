// <sys/pidfd.h> for C++: glibc 2.36 declares its functions without C linkage.
#pragma once

#include <poll.h>
#include <signal.h>
#include <sys/types.h>

extern "C" {
#include <sys/pidfd.h>
}

namespace ovpnbroker::ovpn {

// To be asked when Asio says that a pidfd is ready: Asio 1.22 keeps its bookkeeping of closed
// descriptors for the next ones, and an event that was queued for an old one reaches the new one.
inline bool ProcessHasEnded(int pidfd) {
  pollfd request{.fd = pidfd, .events = POLLIN, .revents = 0};
  return poll(&request, 1, 0) == 1;
}

}  // namespace ovpnbroker::ovpn
