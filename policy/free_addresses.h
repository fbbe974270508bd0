// The addresses of one family that are free, kept as ranges: a /64 costs as much as a /30, and what
// is paid for is the gaps that clients make. Every operation is O(log gaps). Owned by AddressPool;
// loop thread only.
#pragma once

#include <optional>

#include "absl/container/btree_map.h"
#include "absl/numeric/int128.h"
#include "ovpn/types/ip.h"
#include "policy/address_range.h"

namespace ovpnbroker::policy {

class FreeAddresses {
 public:
  // All of `range` is free.
  explicit FreeAddresses(const AddressRange& range);

  // The lowest one.
  std::optional<ovpn::IpAddress> Lowest() const;
  // False when `address` was not free.
  bool Take(const ovpn::IpAddress& address);
  // Takes all that is free in `range`.
  void TakeAll(const AddressRange& range);
  // Makes one address free that was taken before.
  void Put(const ovpn::IpAddress& address);

  bool empty() const { return ranges_.empty(); }
  absl::uint128 count() const { return count_; }

 private:
  using Ranges = absl::btree_map<absl::uint128, absl::uint128>;

  Ranges::iterator RangeOf(absl::uint128 number);

  ovpn::IpAddress::Family family_;
  Ranges ranges_;  // first to last; neither overlapping nor touching
  absl::uint128 count_ = 0;
};

}  // namespace ovpnbroker::policy
