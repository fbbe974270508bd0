// <sys/pidfd.h> for C++: glibc 2.36 declares its functions without C linkage.
#pragma once

#include <poll.h>
#include <signal.h>
#include <sys/types.h>

#include <asio/posix/stream_descriptor.hpp>
#include <functional>
#include <memory>
#include <utility>

extern "C" {
#include <sys/pidfd.h>
}

namespace ovpnbroker::ovpn {

inline bool ProcessHasEnded(int pidfd) {
  pollfd request{.fd = pidfd, .events = POLLIN, .revents = 0};
  return poll(&request, 1, 0) == 1;
}

// Calls `ended` once, from the loop, when the process of `pidfd` has ended; not when the descriptor
// is closed before or `owner`, which has it, is gone. Asio alone may say too early that a pidfd is
// ready: version 1.22 keeps its bookkeeping of closed descriptors for the next ones, and an event
// that was queued for an old one reaches the new one.
inline void AwaitProcessEnd(asio::posix::stream_descriptor& pidfd, std::weak_ptr<bool> owner,
                            std::function<void()> ended) {
  pidfd.async_wait(
      asio::posix::descriptor_base::wait_read,
      [&pidfd, owner = std::move(owner), ended = std::move(ended)](const asio::error_code& error) {
        if (error || owner.expired()) return;
        if (!ProcessHasEnded(pidfd.native_handle())) return AwaitProcessEnd(pidfd, owner, ended);
        ended();
      });
}

}  // namespace ovpnbroker::ovpn
