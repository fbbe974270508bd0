#include "ovpn/management/client_auth_block.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "ovpn/management/block_builder.h"
#include "ovpn/management/client_pushes.h"
#include "ovpn/management/option_words.h"
#include "ovpn/management/text_argument.h"

namespace ovpnbroker::ovpn {
namespace {

// What OpenVPN clients take for ifconfig-ipv6; with another length they start without IPv6.
constexpr int kMinIpv6PrefixLength = 64;
constexpr int kMaxIpv6PrefixLength = 124;

// OpenVPN reports an IPv4-mapped address in its IPv4 form, so it could not be compared.
bool IsV4Mapped(const IpAddress& address) {
  static constexpr std::array<uint8_t, 12> kPrefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  return address.is_v6() && std::equal(kPrefix.begin(), kPrefix.end(), address.bytes().begin());
}

bool IsUnspecified(const IpAddress& address) {
  return std::all_of(address.bytes().begin(), address.bytes().end(),
                     [](uint8_t byte) { return byte == 0; });
}

// push-remove takes any prefix of an option, so it may end in a dash.
bool IsOptionPrefix(absl::string_view prefix) {
  return IsOptionName(absl::StripSuffix(prefix, "-"));
}

void AddResets(const ClientConfig& config, BlockBuilder& block) {
  if (config.push_reset) block.AddPlainLine("push_reset", {"push-reset"});
  for (size_t i = 0; i < config.push_remove.size(); ++i) {
    const FieldPath field("push_remove", i);
    const absl::string_view prefix = config.push_remove[i];
    const absl::Status text = CheckText(prefix);
    const absl::string_view option = prefix.substr(0, prefix.find(' '));
    if (!text.ok()) {
      block.Refuse(field, text.message());
    } else if (!IsOptionPrefix(option)) {
      block.Refuse(field, "must begin with the name of an option, or the beginning of one");
    } else if (prefix == "ifconfig" && config.ifconfig_push.has_value()) {
      block.Refuse(field, "would take ifconfig_push away from the client");
    } else {
      block.AddLine(field, {"push-remove", prefix});
    }
  }
}

void AddRawDirectives(const ClientConfig& config, const DirectivePolicy& allowed_raw,
                      BlockBuilder& block) {
  for (size_t i = 0; i < config.raw_directives.size(); ++i) {
    const FieldPath field("raw_directives", i);
    const auto words = allowed_raw.Admit(config.raw_directives[i]);
    if (!words.ok()) {
      block.Refuse(field, words.status().message());
    } else if (words->front() != "push") {
      block.AddLine(field, std::vector<absl::string_view>(words->begin(), words->end()));
    } else if (words->size() == 2) {
      block.AddPushLine(field, words->back());
    } else {
      block.Refuse(field, "push takes one argument");
    }
  }
}

bool CheckV4(const FieldPath& field, const IpAddress& address, BlockBuilder& block) {
  if (address.is_v4() && !IsUnspecified(address)) return true;
  block.Refuse(field, "must be an IPv4 address other than 0.0.0.0");
  return false;
}

bool CheckV6(const FieldPath& field, const IpAddress& address, BlockBuilder& block) {
  if (address.is_v6() && !IsUnspecified(address) && !IsV4Mapped(address)) return true;
  block.Refuse(field, "must be an IPv6 address, not :: and not IPv4-mapped");
  return false;
}

void AddIpv6Address(const IfconfigIpv6Push& push, BlockBuilder& block) {
  bool valid = CheckV6("ifconfig_ipv6_push.local", push.local, block);
  if (push.remote.has_value()) {
    valid &= CheckV6("ifconfig_ipv6_push.remote", *push.remote, block);
  }
  if (push.prefix_length < kMinIpv6PrefixLength || push.prefix_length > kMaxIpv6PrefixLength) {
    block.Refuse(
        "ifconfig_ipv6_push.prefix_length",
        absl::StrCat("clients accept ", kMinIpv6PrefixLength, " to ", kMaxIpv6PrefixLength));
    valid = false;
  }
  if (!valid) return;
  std::string local = push.local.ToString();
  const std::string network = absl::StrCat(local, "/", push.prefix_length);
  if (push.remote.has_value()) {
    block.AddPlainLine("ifconfig_ipv6_push",
                       {"ifconfig-ipv6-push", network, push.remote->ToString()});
  } else {
    block.AddPlainLine("ifconfig_ipv6_push", {"ifconfig-ipv6-push", network});
  }
  block.AddIntendedAddress(std::move(local), true);
}

void AddTunnelAddresses(const ClientConfig& config, BlockBuilder& block) {
  // Admission takes an address from the pool and empties the field; without it OpenVPN would
  // choose.
  if (!config.address_pool.empty()) block.Refuse("address_pool", "no address was taken from it");
  if (config.ifconfig_push.has_value()) {
    const IfconfigPush& push = *config.ifconfig_push;
    const bool local_ok = CheckV4("ifconfig_push.local", push.local, block);
    const bool remote_ok =
        CheckV4("ifconfig_push.remote_or_netmask", push.remote_or_netmask, block);
    if (local_ok && remote_ok) {
      std::string local = push.local.ToString();
      block.AddPlainLine("ifconfig_push",
                         {"ifconfig-push", local, push.remote_or_netmask.ToString()});
      block.AddIntendedAddress(std::move(local), true);
    }
  }
  if (config.ifconfig_ipv6_push.has_value()) AddIpv6Address(*config.ifconfig_ipv6_push, block);
}

void AddIroutes(const ClientConfig& config, BlockBuilder& block) {
  for (size_t i = 0; i < config.iroutes.size(); ++i) {
    const FieldPath field("iroutes", i);
    const IpPrefix& network = config.iroutes[i];
    if (network.is_v4()) {
      const std::string address = network.network().ToString();
      const std::string netmask = network.NetmaskText();
      block.AddPlainLine(field, {"iroute", address, netmask});
      block.AddIntendedAddress(absl::StrCat(address, "/", netmask), false);
    } else if (IsV4Mapped(network.network())) {
      block.Refuse(field, "must not be IPv4-mapped");
    } else {
      block.AddPlainLine(field, {"iroute-ipv6", network.ToString()});
      block.AddIntendedAddress(network.ToString(), false);
    }
  }
}

}  // namespace

Checked<ClientAuthBlock> ClientAuthBlock::Compile(const ClientConfig& config,
                                                  const DirectivePolicy& allowed_raw) {
  BlockBuilder block;
  AddResets(config, block);
  AddRawDirectives(config, allowed_raw, block);
  AddTunnelAddresses(config, block);
  AddIroutes(config, block);
  AddPushes(config, block);
  return std::move(block).Finish();
}

}  // namespace ovpnbroker::ovpn
