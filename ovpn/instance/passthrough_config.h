// The pass-through socket of one instance: the values of `instances[].passthrough`, checked. Plain
// value.
#pragma once

#include <string>

#include "ovpn/base/unix_socket.h"

namespace ovpnbroker::ovpn {

struct PassthroughConfig {
  std::string socket;  // absolute path
  SocketPermissions permissions;
  size_t max_clients = 16;
  size_t max_output_bytes = 1024 * 1024;  // may wait for one tool, besides one reply
  bool client_notifications = false;
  int verbosity = 1;       // OpenVPN's verb
  int status_version = 1;  // OpenVPN's status-version: what `status` alone means
};

}  // namespace ovpnbroker::ovpn
