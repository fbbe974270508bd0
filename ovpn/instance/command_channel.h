// How sessions reach OpenVPN: the management connection of their instance, and a recording fake in
// tests. Owned by the instance; loop thread only.
#pragma once

#include <vector>

#include "ovpn/management/connection.h"

namespace ovpnbroker::ovpn {

class CommandChannel {
 public:
  virtual ~CommandChannel() = default;

  // True between OnReady and OnLost of the connection.
  virtual bool ready() const = 0;
  // Several commands in one write; each callback as Connection::Send promises.
  virtual void Send(std::vector<Connection::Request> requests) = 0;
};

}  // namespace ovpnbroker::ovpn
