// What an allowed client gets, typed. It becomes the body of a client-auth block in
// ovpn/management/client_auth_block, which alone knows OpenVPN's syntax and limits. Plain value;
// any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ovpn/types/ip.h"

namespace ovpnbroker::ovpn {

// ifconfig-push: the client's IPv4 tunnel address.
struct IfconfigPush {
  IpAddress local;
  IpAddress
      remote_or_netmask;  // netmask with `topology subnet`, the peer's end with `net30` and `p2p`
  bool operator==(const IfconfigPush&) const = default;
};

// ifconfig-ipv6-push: the client's IPv6 tunnel address.
struct IfconfigIpv6Push {
  IpAddress local;
  int prefix_length = 64;           // 64 to 124: clients refuse others
  std::optional<IpAddress> remote;  // the server's end; OpenVPN fills in its own when absent
  bool operator==(const IfconfigIpv6Push&) const = default;
};

// push "route ..." or push "route-ipv6 ...".
struct Route {
  IpPrefix destination;
  std::optional<IpAddress> gateway;  // same family as destination; absent: the VPN's gateway
  std::optional<uint32_t>
      metric;  // 0 to 9999; IPv4 needs the gateway in OpenVPN's syntax, the writer fills it in
  bool operator==(const Route&) const = default;
};

// push "redirect-gateway FLAGS...".
struct RedirectGateway {
  // OpenVPN's own words: local autolocal def1 bypass-dhcp bypass-dns block-local ipv6 !ipv4; no
  // other passes.
  std::vector<std::string> flags;
  bool operator==(const RedirectGateway&) const = default;
};

struct ClientConfig {
  std::optional<IfconfigPush> ifconfig_push;
  std::optional<IfconfigIpv6Push> ifconfig_ipv6_push;
  std::vector<Route> routes;                // pushed to the client, in this order
  std::vector<IpPrefix> iroutes;            // networks behind the client, routed by the server
  std::vector<IpAddress> dns;               // push "dhcp-option DNS/DNS6 ..."
  std::vector<std::string> search_domains;  // push "dhcp-option DOMAIN-SEARCH ..."
  std::optional<RedirectGateway> redirect_gateway;
  bool push_reset = false;  // drop what the server pushes to everybody (topology and ping too)
  std::vector<std::string> push_remove;  // prefix match, as OpenVPN does it
  std::vector<std::string>
      push_options;  // other options to push, each one option line without `push`
  std::vector<std::string>
      raw_directives;  // lines of the block itself; refused unless the operator allowed them
  // Takes the client's addresses from this pool of the broker's (policy/address_pools) instead of
  // naming them; excludes ifconfig_push and ifconfig_ipv6_push. Resolved before a block is
  // compiled.
  std::string address_pool = {};
  bool operator==(const ClientConfig&) const = default;
};

}  // namespace ovpnbroker::ovpn
