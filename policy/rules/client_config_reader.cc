#include "policy/rules/client_config_reader.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "ovpn/base/suggest.h"

namespace ovpnbroker::policy {
namespace {

constexpr uint32_t kMaxIpv6PrefixLength = 124;  // OpenVPN's own limit for ifconfig-ipv6-push
constexpr uint32_t kMaxMetric = 9999;
constexpr uint32_t kMaxSessionsOfUser = 1'000'000;
constexpr std::chrono::seconds kMaxSessionDuration = std::chrono::hours(24 * 366);
constexpr absl::string_view kRedirectFlags[] = {"local",      "autolocal",   "def1", "bypass-dhcp",
                                                "bypass-dns", "block-local", "ipv6", "!ipv4"};

std::optional<ovpn::IpAddress> ReadAddressV4(YamlReader& reader, const YamlValue& value) {
  const auto address = ReadAddress(reader, value);
  if (!address.has_value() || address->is_v4()) return address;
  reader.AddError(value, "expected an IPv4 address");
  return std::nullopt;
}

std::optional<ovpn::IpAddress> ReadAddressV6(YamlReader& reader, const YamlValue& value) {
  const auto address = ReadAddress(reader, value);
  if (!address.has_value() || address->is_v6()) return address;
  reader.AddError(value, "expected an IPv6 address");
  return std::nullopt;
}

std::optional<ovpn::IfconfigPush> ReadIfconfigPush(YamlReader& reader, const YamlValue& value) {
  bool local_given = false;
  int ends_given = 0;
  std::optional<ovpn::IpAddress> local;
  std::optional<ovpn::IpAddress> remote_or_netmask;
  const auto read_end = [&](const YamlValue& v) {
    ++ends_given;
    remote_or_netmask = ReadAddressV4(reader, v);
  };
  const bool is_map = reader.ReadMap(value, {{"local",
                                              [&](const YamlValue& v) {
                                                local_given = true;
                                                local = ReadAddressV4(reader, v);
                                              }},
                                             {"netmask", read_end},
                                             {"remote", read_end},
                                             {"remote_or_netmask", read_end}});
  if (!is_map) return std::nullopt;
  if (!local_given) reader.AddError(value, "'local' is missing");
  if (ends_given != 1) {
    reader.AddError(value,
                    "needs exactly one of 'netmask' (topology subnet) and 'remote' (net30, p2p)");
    return std::nullopt;
  }
  if (!local.has_value() || !remote_or_netmask.has_value()) return std::nullopt;
  return ovpn::IfconfigPush{*local, *remote_or_netmask};
}

// "fd00::2/64"
std::optional<ovpn::IfconfigIpv6Push> ReadIpv6Interface(YamlReader& reader,
                                                        const YamlValue& value) {
  const std::optional<std::string> text = reader.ReadString(value);
  if (!text.has_value()) return std::nullopt;
  const size_t slash = text->find('/');
  if (slash != std::string::npos) {
    const auto address = ovpn::IpAddress::Parse(absl::string_view(*text).substr(0, slash));
    uint32_t length = 0;
    if (address.ok() && address->is_v6() &&
        absl::SimpleAtoi(absl::string_view(*text).substr(slash + 1), &length) &&
        length <= kMaxIpv6PrefixLength) {
      return ovpn::IfconfigIpv6Push{*address, static_cast<int>(length), std::nullopt};
    }
  }
  reader.AddError(value, absl::StrCat("expected an IPv6 address and a prefix length from 0 to ",
                                      kMaxIpv6PrefixLength, ", as in 'fd00::2/64'"));
  return std::nullopt;
}

std::optional<ovpn::IfconfigIpv6Push> ReadIfconfigIpv6Push(YamlReader& reader,
                                                           const YamlValue& value) {
  if (!value.node.IsMap()) return ReadIpv6Interface(reader, value);
  ovpn::IfconfigIpv6Push push;
  bool local_given = false;
  reader.ReadMap(value,
                 {{"local",
                   [&](const YamlValue& v) {
                     local_given = true;
                     push.local = ReadAddressV6(reader, v).value_or(ovpn::IpAddress());
                   }},
                  {"prefix_length",
                   [&](const YamlValue& v) {
                     push.prefix_length =
                         static_cast<int>(reader.ReadNumber(v, kMaxIpv6PrefixLength).value_or(0));
                   }},
                  {"remote", [&](const YamlValue& v) { push.remote = ReadAddressV6(reader, v); }}});
  if (!local_given) reader.AddError(value, "'local' is missing");
  return push;
}

std::optional<ovpn::Route> ReadRoute(YamlReader& reader, const YamlValue& value) {
  ovpn::Route route;
  if (!value.node.IsMap()) {
    const std::optional<ovpn::IpPrefix> destination = ReadPrefix(reader, value);
    if (!destination.has_value()) return std::nullopt;
    route.destination = *destination;
    return route;
  }
  bool destination_given = false;
  reader.ReadMap(
      value,
      {{"destination",
        [&](const YamlValue& v) {
          destination_given = true;
          route.destination = ReadPrefix(reader, v).value_or(ovpn::IpPrefix());
        }},
       {"gateway", [&](const YamlValue& v) { route.gateway = ReadAddress(reader, v); }},
       {"metric", [&](const YamlValue& v) { route.metric = reader.ReadNumber(v, kMaxMetric); }}});
  if (!destination_given) reader.AddError(value, "'destination' is missing");
  if (destination_given && route.gateway.has_value() &&
      route.gateway->is_v4() != route.destination.is_v4()) {
    reader.AddError(value, "'gateway' and 'destination' are of different address families");
  }
  return route;
}

ovpn::RedirectGateway ReadRedirectGateway(YamlReader& reader, const YamlValue& value) {
  ovpn::RedirectGateway redirect;
  const auto read_flag = [&](const YamlValue& v) {
    const std::optional<std::string> flag = reader.ReadString(v);
    if (!flag.has_value()) return;
    if (std::find(std::begin(kRedirectFlags), std::end(kRedirectFlags), absl::string_view(*flag)) ==
        std::end(kRedirectFlags)) {
      reader.AddError(
          v, absl::StrCat("unknown flag '", *flag, "'", ovpn::DidYouMean(*flag, kRedirectFlags)));
      return;
    }
    redirect.flags.push_back(*flag);
  };
  const auto read_flags = [&](const YamlValue& v) {
    reader.ReadList(v, std::size(kRedirectFlags), read_flag);
  };
  if (value.node.IsMap()) {
    reader.ReadMap(value, {{"flags", read_flags}});
  } else {
    read_flags(value);
  }
  return redirect;
}

// A reader of a list whose items are read by `read_item`, which returns an optional.
template <typename T, typename ReadItem>
std::function<void(const YamlValue&)> ListOf(YamlReader& reader, std::vector<T>& list,
                                             ReadItem read_item) {
  return [&reader, &list, read_item](const YamlValue& value) {
    reader.ReadList(value, kMaxListItems, [&](const YamlValue& item) {
      if (auto read = read_item(reader, item)) list.push_back(*std::move(read));
    });
  };
}

std::string ReadPool(YamlReader& reader, const YamlValue& value,
                     const std::vector<std::string>* pools) {
  std::string name = reader.ReadString(value).value_or("");
  if (name.empty()) {
    reader.AddError(value, "expected the name of an address pool");
  } else if (pools != nullptr && std::find(pools->begin(), pools->end(), name) == pools->end()) {
    const std::vector<absl::string_view> known(pools->begin(), pools->end());
    reader.AddError(
        value, absl::StrCat("there is no address pool '", name, "' in the broker's configuration",
                            ovpn::DidYouMean(name, known)));
  }
  return name;
}

ovpn::SessionLimits::Excess ReadExcess(YamlReader& reader, const YamlValue& value) {
  const std::optional<std::string> text = reader.ReadString(value);
  if (text == "end-oldest") return ovpn::SessionLimits::Excess::kEndOldest;
  if (text.has_value() && text != "deny-new") {
    reader.AddError(value, "expected 'deny-new' or 'end-oldest'");
  }
  return ovpn::SessionLimits::Excess::kDenyNew;
}

std::optional<std::string> ReadText(YamlReader& reader, const YamlValue& value) {
  return reader.ReadString(value);
}

}  // namespace

std::optional<ovpn::IpAddress> ReadAddress(YamlReader& reader, const YamlValue& value) {
  const std::optional<std::string> text = reader.ReadString(value);
  if (!text.has_value()) return std::nullopt;
  const absl::StatusOr<ovpn::IpAddress> address = ovpn::IpAddress::Parse(*text);
  if (address.ok()) return *address;
  reader.AddError(value, address.status().message());
  return std::nullopt;
}

std::optional<ovpn::IpPrefix> ReadPrefix(YamlReader& reader, const YamlValue& value) {
  const std::optional<std::string> text = reader.ReadString(value);
  if (!text.has_value()) return std::nullopt;
  const absl::StatusOr<ovpn::IpPrefix> prefix = ovpn::IpPrefix::Parse(*text);
  if (prefix.ok()) return *prefix;
  reader.AddError(value, prefix.status().message());
  return std::nullopt;
}

std::optional<std::chrono::seconds> ReadSeconds(YamlReader& reader, const YamlValue& value,
                                                std::chrono::seconds maximum) {
  const std::optional<std::string> text = reader.ReadString(value);
  if (!text.has_value()) return std::nullopt;
  absl::Duration duration;
  if (absl::ParseDuration(*text, &duration) && duration >= absl::Seconds(1) &&
      duration <= absl::FromChrono(maximum) &&
      duration == absl::Trunc(duration, absl::Seconds(1))) {
    return absl::ToChronoSeconds(duration);
  }
  reader.AddError(value, absl::StrCat("expected whole seconds from 1s to ",
                                      absl::FormatDuration(absl::FromChrono(maximum)),
                                      ", as in '90s', '30m' or '8h'"));
  return std::nullopt;
}

ovpn::Allow ReadAllow(YamlReader& reader, const YamlValue& value,
                      const std::vector<std::string>* pools) {
  ovpn::Allow allow;
  ovpn::ClientConfig& config = allow.config;
  bool excess_given = false;
  reader.ReadMap(
      value,
      {{"pool", [&](const YamlValue& v) { config.address_pool = ReadPool(reader, v, pools); }},
       {"max_duration",
        [&](const YamlValue& v) {
          allow.limits.max_duration = ReadSeconds(reader, v, kMaxSessionDuration);
        }},
       {"max_sessions",
        [&](const YamlValue& v) {
          allow.limits.max_sessions = reader.ReadNumber(v, kMaxSessionsOfUser).value_or(0);
        }},
       {"when_exceeded",
        [&](const YamlValue& v) {
          excess_given = true;
          allow.limits.excess = ReadExcess(reader, v);
        }},
       {"ifconfig_push",
        [&](const YamlValue& v) { config.ifconfig_push = ReadIfconfigPush(reader, v); }},
       {"ifconfig_ipv6_push",
        [&](const YamlValue& v) { config.ifconfig_ipv6_push = ReadIfconfigIpv6Push(reader, v); }},
       {"routes", ListOf(reader, config.routes, ReadRoute)},
       {"iroutes", ListOf(reader, config.iroutes, ReadPrefix)},
       {"dns", ListOf(reader, config.dns, ReadAddress)},
       {"search_domains", ListOf(reader, config.search_domains, ReadText)},
       {"redirect_gateway",
        [&](const YamlValue& v) { config.redirect_gateway = ReadRedirectGateway(reader, v); }},
       {"push_reset",
        [&](const YamlValue& v) { config.push_reset = reader.ReadBool(v).value_or(false); }},
       {"push_remove", ListOf(reader, config.push_remove, ReadText)},
       {"push_options", ListOf(reader, config.push_options, ReadText)},
       {"raw_directives", ListOf(reader, config.raw_directives, ReadText)}});
  if (excess_given && allow.limits.max_sessions == 0) {
    reader.AddError(value, "'when_exceeded' says nothing without 'max_sessions'");
  }
  if (!config.address_pool.empty() &&
      (config.ifconfig_push.has_value() || config.ifconfig_ipv6_push.has_value())) {
    reader.AddError(value, "'pool' excludes 'ifconfig_push' and 'ifconfig_ipv6_push'");
  }
  return allow;
}

}  // namespace ovpnbroker::policy
