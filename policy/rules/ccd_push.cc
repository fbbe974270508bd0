#include "policy/rules/ccd_push.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "ovpn/base/openvpn_words.h"
#include "ovpn/base/status_macros.h"

namespace ovpnbroker::policy {
namespace {

using Words = std::vector<std::string>;

constexpr size_t kMaxRouteWords = 5;      // route NETWORK NETMASK GATEWAY METRIC
constexpr size_t kMaxRouteIpv6Words = 4;  // route-ipv6 NETWORK/BITS GATEWAY METRIC
constexpr size_t kMinRouteWords = 2;
constexpr char kHostNetmask[] = "255.255.255.255";
constexpr char kDefaultWord[] = "default";  // stands for an argument that is not given

template <typename T>
std::string Append(std::vector<T>& list, absl::string_view name, T item) {
  list.push_back(std::move(item));
  return absl::StrCat(name, "[", list.size() - 1, "]");
}

std::string AddAsItStands(absl::string_view option, ovpn::ClientConfig& config) {
  return Append(config.push_options, "push_options", std::string(option));
}

// Empty when it is not given.
std::string WordAt(const Words& words, size_t index) {
  return index < words.size() && words[index] != kDefaultWord ? words[index] : "";
}

absl::Status ReadMetric(const std::string& text, ovpn::Route& route) {
  if (text.empty()) return absl::OkStatus();
  uint32_t metric = 0;
  if (!absl::SimpleAtoi(text, &metric)) {
    return absl::InvalidArgumentError("the metric of a route must be a number");
  }
  route.metric = metric;
  return absl::OkStatus();
}

absl::StatusOr<std::string> AddRoute(absl::string_view option, const Words& words,
                                     ovpn::ClientConfig& config) {
  if (words.size() < kMinRouteWords || words.size() > kMaxRouteWords) {
    return absl::InvalidArgumentError(
        "route takes a network, and a netmask, a gateway and a metric if wanted");
  }
  const std::string netmask = WordAt(words, 2);
  std::string gateway = WordAt(words, 3);
  if (gateway == "vpn_gateway") gateway.clear();  // where routes go anyway
  const auto gateway_address = ovpn::IpAddress::Parse(gateway);
  // The client knows words like net_gateway, and names.
  if (!ovpn::IpAddress::Parse(words[1]).ok() || (!gateway.empty() && !gateway_address.ok())) {
    return AddAsItStands(option, config);
  }
  if (!netmask.empty() && !ovpn::IpAddress::Parse(netmask).ok()) {
    return absl::InvalidArgumentError("the netmask of a route must be like 255.255.255.0");
  }
  ovpn::Route route;
  ASSIGN_OR_RETURN(
      route.destination,
      ovpn::IpPrefix::Parse(absl::StrCat(words[1], "/", netmask.empty() ? kHostNetmask : netmask)));
  if (!gateway.empty()) route.gateway = *gateway_address;
  RETURN_IF_ERROR(ReadMetric(WordAt(words, 4), route));
  return Append(config.routes, "routes", route);
}

absl::StatusOr<std::string> AddRouteIpv6(absl::string_view option, const Words& words,
                                         ovpn::ClientConfig& config) {
  if (words.size() < kMinRouteWords || words.size() > kMaxRouteIpv6Words) {
    return absl::InvalidArgumentError(
        "route-ipv6 takes a network with its length, and a gateway and a metric if wanted");
  }
  ovpn::Route route;
  ASSIGN_OR_RETURN(route.destination, ovpn::IpPrefix::Parse(words[1]));
  if (route.destination.is_v4()) {
    return absl::InvalidArgumentError("route-ipv6 needs an IPv6 network");
  }
  if (words.size() > 2) {
    const auto gateway = ovpn::IpAddress::Parse(words[2]);
    if (!gateway.ok()) return AddAsItStands(option, config);
    route.gateway = *gateway;
  }
  RETURN_IF_ERROR(ReadMetric(WordAt(words, 3), route));
  return Append(config.routes, "routes", route);
}

absl::StatusOr<std::string> AddDhcpOption(absl::string_view option, const Words& words,
                                          ovpn::ClientConfig& config) {
  if (words.size() != 3) return AddAsItStands(option, config);
  if (words[1] == "DOMAIN-SEARCH") {
    return Append(config.search_domains, "search_domains", words[2]);
  }
  if (words[1] != "DNS" && words[1] != "DNS6") return AddAsItStands(option, config);
  ASSIGN_OR_RETURN(const ovpn::IpAddress server, ovpn::IpAddress::Parse(words[2]));
  if (words[1] == "DNS6" && server.is_v4()) {
    return absl::InvalidArgumentError("DNS6 needs an IPv6 address; write DNS");
  }
  return Append(config.dns, "dns", server);
}

// Clients add up the flags of several.
std::string AddRedirectGateway(const Words& words, ovpn::ClientConfig& config) {
  if (!config.redirect_gateway.has_value()) config.redirect_gateway.emplace();
  std::vector<std::string>& flags = config.redirect_gateway->flags;
  for (auto flag = words.begin() + 1; flag != words.end(); ++flag) {
    if (std::find(flags.begin(), flags.end(), *flag) == flags.end()) flags.push_back(*flag);
  }
  return "redirect_gateway";
}

}  // namespace

absl::StatusOr<std::string> AddCcdPush(absl::string_view option, ovpn::ClientConfig& config) {
  ASSIGN_OR_RETURN(const ovpn::OpenvpnLine line, ovpn::SplitOpenvpnLine(option));
  if (line.words.empty()) return absl::InvalidArgumentError("push names no option");
  if (!line.dropped.empty()) {
    return absl::InvalidArgumentError("the pushed option has more words than clients read");
  }
  const std::string& name = line.words.front();
  if (name == "route") return AddRoute(option, line.words, config);
  if (name == "route-ipv6") return AddRouteIpv6(option, line.words, config);
  if (name == "dhcp-option") return AddDhcpOption(option, line.words, config);
  if (name == "redirect-gateway") return AddRedirectGateway(line.words, config);
  return AddAsItStands(option, config);
}

}  // namespace ovpnbroker::policy
