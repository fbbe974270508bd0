#include "ovpn/base/peer_credentials.h"

#include <sys/socket.h>

namespace ovpnbroker::ovpn {

std::optional<PeerCredentials> PeerOf(int fd) {
  ucred credentials = {};
  socklen_t size = sizeof(credentials);
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) return std::nullopt;
  // The kernel says so of a socket that nobody has connected.
  if (credentials.uid == static_cast<uid_t>(-1)) return std::nullopt;
  return PeerCredentials{credentials.uid, credentials.pid};
}

}  // namespace ovpnbroker::ovpn
