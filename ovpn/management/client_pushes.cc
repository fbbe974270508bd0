#include "ovpn/management/client_pushes.h"

#include <algorithm>
#include <array>

#include "absl/container/inlined_vector.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace ovpnbroker::ovpn {
namespace {

constexpr uint32_t kMaxMetric = 9999;
// route NETWORK NETMASK GATEWAY METRIC
constexpr size_t kMaxRouteWords = 5;
// Clients on Windows take this many servers of each family (N_DHCP_ADDR) and search domains
// (N_SEARCH_LIST_LEN) and drop the rest.
constexpr size_t kMaxDnsPerFamily = 4;
constexpr size_t kMaxSearchDomains = 10;
constexpr size_t kMaxHostNameBytes = 253;
constexpr size_t kMaxHostLabelBytes = 63;

constexpr std::array<absl::string_view, 8> kRedirectGatewayFlags = {
    "local", "autolocal", "def1", "bypass-dhcp", "bypass-dns", "block-local", "ipv6", "!ipv4"};

bool IsHostLabel(absl::string_view label) {
  const auto is_label_byte = [](char byte) {
    return absl::ascii_isalnum(static_cast<unsigned char>(byte)) || byte == '-' || byte == '_';
  };
  return !label.empty() && label.size() <= kMaxHostLabelBytes && label.front() != '-' &&
         label.back() != '-' && std::all_of(label.begin(), label.end(), is_label_byte);
}

bool IsHostName(absl::string_view name) {
  const std::vector<absl::string_view> labels = absl::StrSplit(name, '.');
  return name.size() <= kMaxHostNameBytes && std::all_of(labels.begin(), labels.end(), IsHostLabel);
}

void AddRoute(const FieldPath& field, const Route& route, BlockBuilder& block) {
  const bool is_v4 = route.destination.is_v4();
  bool valid = true;
  if (route.gateway.has_value() &&
      route.gateway->family() != route.destination.network().family()) {
    block.Refuse(field.Member("gateway"), "must be of the destination's address family");
    valid = false;
  }
  if (route.metric.has_value() && *route.metric > kMaxMetric) {
    block.Refuse(field.Member("metric"), absl::StrCat("must be 0 to ", kMaxMetric));
    valid = false;
  }
  // OpenVPN has a word for "the VPN's gateway" before a metric in `route` only.
  if (route.metric.has_value() && !route.gateway.has_value() && !is_v4) {
    block.Refuse(field.Member("metric"), "an IPv6 route with a metric needs a gateway");
    valid = false;
  }
  if (!valid) return;

  const std::string destination =
      is_v4 ? route.destination.network().ToString() : route.destination.ToString();
  std::string netmask, gateway, metric;
  absl::InlinedVector<absl::string_view, kMaxRouteWords> words = {is_v4 ? "route" : "route-ipv6",
                                                                  destination};
  if (is_v4) words.push_back(netmask = route.destination.NetmaskText());
  if (route.gateway.has_value()) {
    words.push_back(gateway = route.gateway->ToString());
  } else if (route.metric.has_value()) {
    words.push_back("vpn_gateway");
  }
  if (route.metric.has_value()) words.push_back(metric = absl::StrCat(*route.metric));
  block.AddPlainPush(field, words);
}

void AddRoutes(const ClientConfig& config, BlockBuilder& block) {
  for (size_t i = 0; i < config.routes.size(); ++i) {
    AddRoute({"routes", i}, config.routes[i], block);
  }
}

void AddDns(const ClientConfig& config, BlockBuilder& block) {
  size_t v4_count = 0;
  size_t v6_count = 0;
  for (size_t i = 0; i < config.dns.size(); ++i) {
    const FieldPath field("dns", i);
    const IpAddress& server = config.dns[i];
    if (++(server.is_v4() ? v4_count : v6_count) > kMaxDnsPerFamily) {
      block.Refuse(field, absl::StrCat("clients take ", kMaxDnsPerFamily, " servers of a family"));
      continue;
    }
    block.AddPlainPush(field, {"dhcp-option", server.is_v4() ? "DNS" : "DNS6", server.ToString()});
  }
  for (size_t i = 0; i < config.search_domains.size(); ++i) {
    const FieldPath field("search_domains", i);
    if (i >= kMaxSearchDomains) {
      block.Refuse(field, absl::StrCat("clients take ", kMaxSearchDomains, " search domains"));
    } else if (!IsHostName(config.search_domains[i])) {
      block.Refuse(field, "must be a host name: labels of letters, digits, - and _ joined by dots");
    } else {
      block.AddPlainPush(field, {"dhcp-option", "DOMAIN-SEARCH", config.search_domains[i]});
    }
  }
}

void AddRedirectGateway(const ClientConfig& config, BlockBuilder& block) {
  if (!config.redirect_gateway.has_value()) return;
  std::vector<absl::string_view> words = {"redirect-gateway"};
  for (size_t i = 0; i < config.redirect_gateway->flags.size(); ++i) {
    const std::string& flag = config.redirect_gateway->flags[i];
    const FieldPath field("redirect_gateway.flags", i);
    if (std::find(kRedirectGatewayFlags.begin(), kRedirectGatewayFlags.end(), flag) ==
        kRedirectGatewayFlags.end()) {
      block.Refuse(field, "not a flag of redirect-gateway");
    } else if (std::find(words.begin() + 1, words.end(), flag) != words.end()) {
      block.Refuse(field, "given twice");
    } else {
      words.push_back(flag);
    }
  }
  block.AddPlainPush("redirect_gateway", words);
}

}  // namespace

void AddPushes(const ClientConfig& config, BlockBuilder& block) {
  AddRoutes(config, block);
  AddDns(config, block);
  AddRedirectGateway(config, block);
  for (size_t i = 0; i < config.push_options.size(); ++i) {
    block.AddPushLine({"push_options", i}, config.push_options[i]);
  }
}

}  // namespace ovpnbroker::ovpn
