// Who is at the other end of a unix socket, by the kernel's word. Any thread.
#pragma once

#include <sys/types.h>

#include <optional>

namespace ovpnbroker::ovpn {

// As they were when the peer connected. A process outside our namespaces shows as the overflow uid
// and pid 0.
struct PeerCredentials {
  uid_t uid = 0;
  pid_t pid = 0;
};

// nullopt: `fd` is not a connected unix socket.
std::optional<PeerCredentials> PeerOf(int fd);

}  // namespace ovpnbroker::ovpn
