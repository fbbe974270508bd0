#include "policy/stream/client_config_codec.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "policy/stream/status_codec.h"

namespace ovpnbroker::policy {
namespace {

constexpr int kMaxIpv6PushPrefix = 124;  // OpenVPN's own bound
constexpr uint32_t kMaxRouteMetric = 9999;
// Enough to find the mistake; the list goes back to the policy in one message.
constexpr size_t kMaxViolations = 16;
constexpr absl::string_view kRedirectFlags[] = {"local",      "autolocal",   "def1", "bypass-dhcp",
                                                "bypass-dns", "block-local", "ipv6", "!ipv4"};

// Reads one message's fields and notes what is wrong under its path, which is only put together
// then. A reader of a field lives no longer than that of its message.
class Reader {
 public:
  Reader(absl::string_view path, std::vector<ovpn::FieldViolation>& violations)
      : Reader(nullptr, path, kNoIndex, violations) {}

  Reader Field(absl::string_view name) const { return {this, name, kNoIndex, violations_}; }
  Reader Element(absl::string_view name, int index) const {
    return {this, name, index, violations_};
  }

  void Violate(absl::string_view description) const {
    if (violations_.size() < kMaxViolations) {
      violations_.push_back({Path(), std::string(description)});
    }
  }

  std::optional<ovpn::IpAddress> Address(const std::string& text) const {
    absl::StatusOr<ovpn::IpAddress> address = ovpn::IpAddress::Parse(text);
    if (address.ok()) return *address;
    Violate(text.empty() ? absl::string_view("is required")
                         : absl::string_view("must be an IP address such as 10.8.0.2 or fd00::2"));
    return std::nullopt;
  }

  std::optional<ovpn::IpAddress> AddressOf(ovpn::IpAddress::Family family,
                                           const std::string& text) const {
    std::optional<ovpn::IpAddress> address = Address(text);
    if (address.has_value() && address->family() != family) {
      Violate(family == ovpn::IpAddress::Family::kV4 ? "must be an IPv4 address"
                                                     : "must be an IPv6 address");
    }
    return address;
  }

  std::optional<ovpn::IpPrefix> Prefix(const std::string& text) const {
    absl::StatusOr<ovpn::IpPrefix> prefix = ovpn::IpPrefix::Parse(text);
    if (prefix.ok()) return *prefix;
    Violate(
        "must be a network such as 192.168.0.0/16 or fd00::/64, with no bits set beyond the "
        "prefix");
    return std::nullopt;
  }

 private:
  static constexpr int kNoIndex = -1;

  Reader(const Reader* message, absl::string_view name, int index,
         std::vector<ovpn::FieldViolation>& violations)
      : message_(message), name_(name), index_(index), violations_(violations) {}

  std::string Path() const {
    std::string path = message_ == nullptr ? "" : absl::StrCat(message_->Path(), ".");
    absl::StrAppend(&path, name_);
    if (index_ != kNoIndex) absl::StrAppend(&path, "[", index_, "]");
    return path;
  }

  const Reader* const message_;  // null: name_ is the whole path
  const absl::string_view name_;
  const int index_;
  std::vector<ovpn::FieldViolation>& violations_;
};

// Where a value is missing below, a violation was noted and the result is not used.

ovpn::IfconfigPush ReadIfconfigPush(const type::v1::IfconfigPush& message, const Reader& reader) {
  constexpr auto kV4 = ovpn::IpAddress::Family::kV4;
  return {reader.Field("local").AddressOf(kV4, message.local()).value_or(ovpn::IpAddress()),
          reader.Field("remote_or_netmask")
              .AddressOf(kV4, message.remote_or_netmask())
              .value_or(ovpn::IpAddress())};
}

ovpn::IfconfigIpv6Push ReadIfconfigIpv6Push(const type::v1::IfconfigIpv6Push& message,
                                            const Reader& reader) {
  constexpr auto kV6 = ovpn::IpAddress::Family::kV6;
  ovpn::IfconfigIpv6Push push;
  push.local = reader.Field("local").AddressOf(kV6, message.local()).value_or(ovpn::IpAddress());
  if (message.has_prefix_length()) push.prefix_length = message.prefix_length();
  if (push.prefix_length < 0 || push.prefix_length > kMaxIpv6PushPrefix) {
    reader.Field("prefix_length").Violate("must be from 0 to 124");
  }
  if (!message.remote().empty()) {
    push.remote = reader.Field("remote").AddressOf(kV6, message.remote());
  }
  return push;
}

ovpn::Route ReadRoute(const type::v1::Route& message, const Reader& reader) {
  ovpn::Route route;
  const std::optional<ovpn::IpPrefix> destination =
      reader.Field("destination").Prefix(message.destination());
  if (destination.has_value()) {
    route.destination = *destination;
    if (!message.gateway().empty()) {
      route.gateway =
          reader.Field("gateway").AddressOf(destination->network().family(), message.gateway());
    }
  }
  if (message.has_metric()) {
    route.metric = message.metric();
    if (message.metric() > kMaxRouteMetric) {
      reader.Field("metric").Violate("must be from 0 to 9999");
    }
  }
  return route;
}

ovpn::RedirectGateway ReadRedirectGateway(const type::v1::RedirectGateway& message,
                                          const Reader& reader) {
  for (int i = 0; i < message.flags_size(); ++i) {
    const absl::string_view flag = message.flags(i);
    if (std::find(std::begin(kRedirectFlags), std::end(kRedirectFlags), flag) ==
        std::end(kRedirectFlags)) {
      reader.Element("flags", i)
          .Violate(
              "must be one of local, autolocal, def1, bypass-dhcp, bypass-dns, block-local, ipv6, "
              "!ipv4");
    }
  }
  return {{message.flags().begin(), message.flags().end()}};
}

}  // namespace

ovpn::ClientConfig ClientConfigFromProto(const type::v1::ClientConfig& message,
                                         absl::string_view path, bool raw_directives,
                                         std::vector<ovpn::FieldViolation>& violations) {
  const Reader reader(path, violations);
  ovpn::ClientConfig config;
  if (message.has_ifconfig_push()) {
    config.ifconfig_push = ReadIfconfigPush(message.ifconfig_push(), reader.Field("ifconfig_push"));
  }
  if (message.has_ifconfig_ipv6_push()) {
    config.ifconfig_ipv6_push =
        ReadIfconfigIpv6Push(message.ifconfig_ipv6_push(), reader.Field("ifconfig_ipv6_push"));
  }
  for (int i = 0; i < message.routes_size(); ++i) {
    config.routes.push_back(ReadRoute(message.routes(i), reader.Element("routes", i)));
  }
  for (int i = 0; i < message.iroutes_size(); ++i) {
    config.iroutes.push_back(
        reader.Element("iroutes", i).Prefix(message.iroutes(i)).value_or(ovpn::IpPrefix()));
  }
  for (int i = 0; i < message.dns_size(); ++i) {
    config.dns.push_back(
        reader.Element("dns", i).Address(message.dns(i)).value_or(ovpn::IpAddress()));
  }
  config.search_domains.assign(message.search_domains().begin(), message.search_domains().end());
  if (message.has_redirect_gateway()) {
    config.redirect_gateway =
        ReadRedirectGateway(message.redirect_gateway(), reader.Field("redirect_gateway"));
  }
  config.push_reset = message.push_reset();
  config.push_remove.assign(message.push_remove().begin(), message.push_remove().end());
  config.push_options.assign(message.push_options().begin(), message.push_options().end());
  config.raw_directives.assign(message.raw_directives().begin(), message.raw_directives().end());
  config.address_pool = message.address_pool();
  if (!raw_directives && !config.raw_directives.empty()) {
    reader.Field("raw_directives")
        .Violate(absl::StrCat(kCapabilityNotEnabled,
                              ": needs CAPABILITY_RAW_DIRECTIVES, offered and switched on"));
  }
  return config;
}

}  // namespace ovpnbroker::policy
