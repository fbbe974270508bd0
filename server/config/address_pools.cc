#include "server/config/address_pools.h"

#include <map>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "policy/free_addresses.h"

namespace ovpnbroker::server {
namespace {

using config::v1::AddressPoolConfig;
using config::v1::PoolNetworkConfig;
using ovpn::IpAddress;
using policy::AddressPoolOptions;
using policy::AddressRange;

// Limits of a family: what netmasks and lengths make sense to a client.
struct FamilyLimits {
  IpAddress::Family family;
  absl::string_view name;
  int min_length;
  int max_length;
};
constexpr FamilyLimits kIpv4{IpAddress::Family::kV4, "IPv4", 8, 30};
constexpr FamilyLimits kIpv6{IpAddress::Family::kV6, "IPv6", 64, 124};

IpAddress Behind(const IpAddress& address) {
  return IpAddress::FromNumber(address.family(), address.ToNumber() + 1);
}

class PoolReader {
 public:
  PoolReader(const AddressPoolConfig& config, std::string path, const PoolReport& report)
      : config_(config), path_(std::move(path)), report_(report) {}

  std::optional<AddressPoolOptions> Read();

 private:
  std::optional<AddressPoolOptions::Family> ReadFamily(const PoolNetworkConfig& config,
                                                       const FamilyLimits& limits,
                                                       absl::string_view field);
  std::optional<IpAddress> ReadInside(const std::string& text, const IpAddress& fallback,
                                      const ovpn::IpPrefix& network, const std::string& path);
  void ReadExclusions();
  void CheckSomethingIsLeft(const AddressPoolOptions::Family& family, absl::string_view field);
  void Report(const std::string& path, std::string message) {
    failed_ = true;
    report_(path, std::move(message));
  }

  const AddressPoolConfig& config_;
  const std::string path_;
  const PoolReport& report_;
  bool failed_ = false;
  AddressPoolOptions options_;
};

std::optional<IpAddress> PoolReader::ReadInside(const std::string& text, const IpAddress& fallback,
                                                const ovpn::IpPrefix& network,
                                                const std::string& path) {
  if (text.empty()) return fallback;
  const absl::StatusOr<IpAddress> address = IpAddress::Parse(text);
  if (!address.ok()) {
    Report(path, absl::StrCat("\"", text, "\" is not an IP address"));
  } else if (!network.Contains(*address)) {
    Report(path, absl::StrCat(text, " is not in the network ", network.ToString()));
  } else {
    return *address;
  }
  return std::nullopt;
}

std::optional<AddressPoolOptions::Family> PoolReader::ReadFamily(const PoolNetworkConfig& config,
                                                                 const FamilyLimits& limits,
                                                                 absl::string_view field) {
  const std::string path = absl::StrCat(path_, ".", field);
  if (config.network().empty()) {  // the mapping told
    failed_ = true;
    return std::nullopt;
  }
  const absl::StatusOr<ovpn::IpPrefix> network = ovpn::IpPrefix::Parse(config.network());
  if (!network.ok() || network->network().family() != limits.family) {
    const std::string why = network.ok() ? "" : absl::StrCat(": ", network.status().message());
    Report(absl::StrCat(path, ".network"),
           absl::StrCat("\"", config.network(), "\" is not an ", limits.name, " network", why));
    return std::nullopt;
  }
  if (network->length() < limits.min_length || network->length() > limits.max_length) {
    Report(absl::StrCat(path, ".network"),
           absl::StrCat("a pool's ", limits.name, " network is /", limits.min_length, " to /",
                        limits.max_length));
    return std::nullopt;
  }
  const IpAddress own = network->network();
  const auto gateway =
      ReadInside(config.gateway(), Behind(own), *network, absl::StrCat(path, ".gateway"));
  const auto first = ReadInside(config.first(), own, *network, absl::StrCat(path, ".first"));
  const auto last =
      ReadInside(config.last(), network->Last(), *network, absl::StrCat(path, ".last"));
  if (!gateway.has_value() || !first.has_value() || !last.has_value()) return std::nullopt;
  if (*last < *first) {
    Report(absl::StrCat(path, ".last"),
           absl::StrCat(last->ToString(), " lies before first (", first->ToString(), ")"));
    return std::nullopt;
  }
  // Neither the network's own address (IPv6: every router's) nor IPv4's broadcast address.
  options_.exclude.push_back({own, own});
  options_.exclude.push_back({*gateway, *gateway});
  if (network->is_v4()) options_.exclude.push_back({network->Last(), network->Last()});
  return AddressPoolOptions::Family{*network, {*first, *last}, gateway};
}

void PoolReader::ReadExclusions() {
  for (int i = 0; i < config_.exclude_size(); ++i) {
    const std::string path = absl::StrCat(path_, ".exclude[", i, "]");
    const std::string& text = config_.exclude(i);
    const absl::StatusOr<AddressRange> range = AddressRange::Parse(text);
    if (!range.ok()) {
      Report(path, absl::StrCat("\"", text, "\" is no address, network or FIRST-LAST: ",
                                range.status().message()));
      continue;
    }
    const auto& family = range->first.is_v4() ? options_.ipv4 : options_.ipv6;
    if (!family.has_value() || !family->range.Overlaps(*range)) {
      Report(path, absl::StrCat(text, " is outside of the pool"));
      continue;
    }
    options_.exclude.push_back(*range);
  }
}

void PoolReader::CheckSomethingIsLeft(const AddressPoolOptions::Family& family,
                                      absl::string_view field) {
  policy::FreeAddresses free(family.range);
  for (const AddressRange& range : options_.exclude) {
    if (range.first.family() == family.range.first.family()) free.TakeAll(range);
  }
  if (free.empty()) {
    Report(absl::StrCat(path_, ".", field), "no address is left that a client could have");
  }
}

std::optional<AddressPoolOptions> PoolReader::Read() {
  options_.name = config_.name();
  options_.max_leases = config_.max_leases();
  if (config_.sticky_by() == config::v1::STICKY_BY_USERNAME) {
    options_.sticky_by = AddressPoolOptions::StickyBy::kUsername;
  }
  if (!config_.has_ipv4() && !config_.has_ipv6()) Report(path_, "needs 'ipv4' or 'ipv6'");
  if (config_.has_ipv4()) options_.ipv4 = ReadFamily(config_.ipv4(), kIpv4, "ipv4");
  if (config_.has_ipv6()) options_.ipv6 = ReadFamily(config_.ipv6(), kIpv6, "ipv6");
  if (failed_) return std::nullopt;
  ReadExclusions();
  if (options_.ipv4.has_value()) CheckSomethingIsLeft(*options_.ipv4, "ipv4");
  if (options_.ipv6.has_value()) CheckSomethingIsLeft(*options_.ipv6, "ipv6");
  if (failed_) return std::nullopt;
  return std::move(options_);
}

bool Overlap(const std::optional<AddressPoolOptions::Family>& a,
             const std::optional<AddressPoolOptions::Family>& b) {
  return a.has_value() && b.has_value() && a->range.Overlaps(b->range);
}

}  // namespace

std::vector<AddressPoolOptions> ReadAddressPools(const config::v1::BrokerConfig& config,
                                                 const PoolReport& report) {
  std::vector<AddressPoolOptions> pools;
  for (int i = 0; i < config.address_pools_size(); ++i) {
    const std::string path = absl::StrCat("address_pools[", i, "]");
    std::optional<AddressPoolOptions> pool =
        PoolReader(config.address_pools(i), path, report).Read();
    if (!pool.has_value()) continue;
    bool clashes = false;
    for (const AddressPoolOptions& other : pools) {
      for (const bool v4 : {true, false}) {
        if (!(v4 ? Overlap(pool->ipv4, other.ipv4) : Overlap(pool->ipv6, other.ipv6))) continue;
        clashes = true;
        report(absl::StrCat(path, v4 ? ".ipv4" : ".ipv6"),
               absl::StrCat("overlaps the pool \"", other.name, "\""));
      }
    }
    if (!clashes) pools.push_back(*std::move(pool));
  }
  return pools;
}

}  // namespace ovpnbroker::server
