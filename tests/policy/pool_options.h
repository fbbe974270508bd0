// Address pools for tests, in a line.
#pragma once

#include <string>
#include <vector>

#include "policy/address_pool_options.h"

namespace ovpnbroker::test {

// The server has the first address of each network.
inline policy::AddressPoolOptions Pool(const std::string& name, const std::string& ipv4_range,
                                       const std::string& ipv6_range = "") {
  policy::AddressPoolOptions options;
  options.name = name;
  if (!ipv4_range.empty()) {
    options.ipv4 = {*ovpn::IpPrefix::Parse("10.8.0.0/16"), *policy::AddressRange::Parse(ipv4_range),
                    *ovpn::IpAddress::Parse("10.8.0.1")};
  }
  if (!ipv6_range.empty()) {
    options.ipv6 = {*ovpn::IpPrefix::Parse("fd00::/64"), *policy::AddressRange::Parse(ipv6_range),
                    *ovpn::IpAddress::Parse("fd00::1")};
  }
  return options;
}

}  // namespace ovpnbroker::test
