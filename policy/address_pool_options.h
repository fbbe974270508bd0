// What the operator says about one address pool, parsed and checked by server/config. Plain value;
// any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ovpn/types/ip.h"
#include "policy/address_range.h"

namespace ovpnbroker::policy {

struct AddressPoolOptions {
  enum class StickyBy {
    kCommonName,  // the user name where there is none
    kUsername,    // the common name where there is none
  };
  struct Family {
    ovpn::IpPrefix network;  // its netmask or length is what clients are told
    AddressRange range;      // what clients may have; inside network
    // The server's own address. IPv6: told to the clients as the other end.
    std::optional<ovpn::IpAddress> gateway;
  };

  std::string name;
  std::optional<Family> ipv4;  // one of the two at least
  std::optional<Family> ipv6;
  // Never given to clients. The server's own addresses, and IPv4's network and broadcast address,
  // are among them.
  std::vector<AddressRange> exclude;
  StickyBy sticky_by = StickyBy::kCommonName;
  size_t max_leases = 65536;
};

}  // namespace ovpnbroker::policy
