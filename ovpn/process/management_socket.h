// The place where OpenVPN will bind its management socket, looked at before it does: OpenVPN makes
// the socket for everybody (0777), unlinks whatever file is in its place, another daemon's live
// socket too, and silently cuts a path that is too long. Loop thread only; nothing here waits.
#pragma once

#include <asio/generic/stream_protocol.hpp>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace ovpnbroker::ovpn {

// The directory of `socket_path` is there (made if missing, not its parents), is a directory and
// not a link, is ours and has mode 0700; and the path is absolute and not too long. Otherwise an
// error that says what to do.
absl::Status PrepareSocketDirectory(const std::string& socket_path);

enum class SocketPlace {
  kFree,          // nothing was there
  kStaleRemoved,  // a socket that nobody listened on; it is gone now
};

// Makes sure that OpenVPN may bind there. FAILED_PRECONDITION, and nothing changed, when somebody
// listens (the message has its pid) or when something else than a socket is there.
absl::StatusOr<SocketPlace> ClearSocketPlace(const std::string& socket_path);

// The same for management over TCP on loopback: FAILED_PRECONDITION when somebody listens.
absl::Status CheckTcpPlace(const asio::generic::stream_protocol::endpoint& endpoint);

}  // namespace ovpnbroker::ovpn
