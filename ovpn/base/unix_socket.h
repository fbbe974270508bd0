// Listening unix sockets: who may open them, and that none is taken from whoever still serves it.
// Blocking file calls; any thread, one at a time (bind changes the process's umask for a moment).
#pragma once

#include <sys/types.h>

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "ovpn/base/unique_fd.h"

namespace ovpnbroker::ovpn {

struct SocketPermissions {
  mode_t mode = 0660;
  std::string group;  // by name; empty: stays the process's own
};

// Gives the socket at `path` its group and mode. NOT_FOUND: there is no such group.
absl::Status SetSocketPermissions(const std::string& path, const SocketPermissions& permissions);

// Binds and listens; the socket does not block and is not inherited by children. What a process
// that has ended left at `path` is replaced. ALREADY_EXISTS: somebody listens there, or what is
// there is no socket. The directory must exist.
absl::StatusOr<UniqueFd> ListenOnUnixSocket(const std::string& path,
                                            const SocketPermissions& permissions);

}  // namespace ovpnbroker::ovpn
