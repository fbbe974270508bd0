// The addresses that OpenVPN would hand out by itself, to a client whose verdict names none: what
// `server`, `server-ipv6`, `ifconfig-pool` and `ifconfig-ipv6-pool` come to. Plain values; any
// thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ovpn/process/config_reader.h"
#include "ovpn/types/ip.h"

namespace ovpnbroker::ovpn {

// First and last included; the line that makes it.
struct OwnPool {
  IpAddress first;
  IpAddress last;
  std::string directive;
  std::string file;
  int line = 0;
};

// At most one of IPv4 and one of IPv6. Lines whose addresses cannot be read are passed over:
// OpenVPN refuses them itself.
std::vector<OwnPool> FindOwnPools(const std::vector<ConfigLine>& lines);

}  // namespace ovpnbroker::ovpn
