#include "ovpn/process/own_pools.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace ovpnbroker::ovpn {
namespace {

// What OpenVPN leaves free at the ends of a network (helper.c): its own address, and in net30 a
// whole block for it.
constexpr int kFirstInSubnet = 2;
constexpr int kLastBelowBroadcastInSubnet = 1;
constexpr int kReservedInNet30 = 4;
// `server-ipv6` starts its pool there, and no pool is larger (helper.c, pool.h).
constexpr int kFirstInIpv6 = 0x1000;
constexpr int kMaxPoolSize = 65536;

IpAddress Moved(const IpAddress& address, int steps) {
  return IpAddress::FromNumber(address.family(), steps < 0
                                                     ? address.ToNumber() - absl::uint128(-steps)
                                                     : address.ToNumber() + absl::uint128(steps));
}

class PoolFinder {
 public:
  explicit PoolFinder(const std::vector<ConfigLine>& lines) : lines_(lines) {
    for (const ConfigLine& line : lines) {
      // tap has no point-to-point blocks, whatever the topology.
      if (line.directive() == "topology") is_subnet_ = is_subnet_ || line.argument(1) == "subnet";
      if (line.directive() == "dev" || line.directive() == "dev-type") {
        is_subnet_ = is_subnet_ || line.argument(1).substr(0, 3) == "tap";
      }
    }
  }

  std::vector<OwnPool> Find() {
    for (const ConfigLine& line : lines_) {
      if (line.directive() == "server") TakeServer(line);
      if (line.directive() == "ifconfig-pool") TakePool(line);
    }
    for (const ConfigLine& line : lines_) {
      if (line.directive() == "server-ipv6") TakeIpv6(line, kFirstInIpv6);
      if (line.directive() == "ifconfig-ipv6-pool") TakeIpv6(line, 0);
    }
    std::vector<OwnPool> pools;
    if (ipv4_.has_value()) pools.push_back(*ipv4_);
    if (ipv6_.has_value()) pools.push_back(*ipv6_);
    return pools;
  }

 private:
  static OwnPool Pool(const ConfigLine& line, const IpAddress& first, const IpAddress& last) {
    return {first, last, std::string(line.directive()), line.file, line.line};
  }

  void TakeServer(const ConfigLine& line) {
    const auto network = IpPrefix::Parse(absl::StrCat(line.argument(1), "/", line.argument(2)));
    if (!network.ok() || !network->is_v4() || line.argument(3) == "nopool") return;
    ipv4_ =
        Pool(line, Moved(network->network(), is_subnet_ ? kFirstInSubnet : kReservedInNet30),
             Moved(network->Last(), is_subnet_ ? -kLastBelowBroadcastInSubnet : -kReservedInNet30));
  }

  void TakePool(const ConfigLine& line) {
    const auto first = IpAddress::Parse(line.argument(1));
    const auto last = IpAddress::Parse(line.argument(2));
    if (first.ok() && last.ok()) ipv4_ = Pool(line, *first, *last);
  }

  // As large as the IPv4 pool when there is one: OpenVPN gives both by one index.
  void TakeIpv6(const ConfigLine& line, int start) {
    const absl::string_view text = line.argument(1);
    const auto base = IpAddress::Parse(text.substr(0, text.find('/')));
    if (!base.ok() || !base->is_v6() || line.argument(2) == "nopool") return;
    absl::uint128 size = kMaxPoolSize;
    if (ipv4_.has_value()) {
      size = std::min(size, ipv4_->last.ToNumber() - ipv4_->first.ToNumber() + 1);
    }
    const IpAddress first = Moved(*base, start);
    ipv6_ = Pool(line, first, IpAddress::FromNumber(first.family(), first.ToNumber() + size - 1));
  }

  const std::vector<ConfigLine>& lines_;
  bool is_subnet_ = false;
  std::optional<OwnPool> ipv4_;
  std::optional<OwnPool> ipv6_;
};

}  // namespace

std::vector<OwnPool> FindOwnPools(const std::vector<ConfigLine>& lines) {
  return PoolFinder(lines).Find();
}

}  // namespace ovpnbroker::ovpn
