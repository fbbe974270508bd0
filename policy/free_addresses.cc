#include "policy/free_addresses.h"

#include <algorithm>
#include <iterator>

namespace ovpnbroker::policy {

FreeAddresses::FreeAddresses(const AddressRange& range) : family_(range.first.family()) {
  ranges_.emplace(range.first.ToNumber(), range.last.ToNumber());
  count_ = range.last.ToNumber() - range.first.ToNumber() + 1;
}

std::optional<ovpn::IpAddress> FreeAddresses::Lowest() const {
  if (ranges_.empty()) return std::nullopt;
  return ovpn::IpAddress::FromNumber(family_, ranges_.begin()->first);
}

FreeAddresses::Ranges::iterator FreeAddresses::RangeOf(absl::uint128 number) {
  auto range = ranges_.upper_bound(number);
  if (range == ranges_.begin()) return ranges_.end();
  --range;
  return number <= range->second ? range : ranges_.end();
}

bool FreeAddresses::Take(const ovpn::IpAddress& address) {
  if (address.family() != family_ || RangeOf(address.ToNumber()) == ranges_.end()) return false;
  TakeAll({address, address});
  return true;
}

void FreeAddresses::TakeAll(const AddressRange& range) {
  const absl::uint128 first = range.first.ToNumber();
  const absl::uint128 last = range.last.ToNumber();
  auto next = ranges_.upper_bound(first);
  if (next != ranges_.begin()) --next;
  while (next != ranges_.end() && next->first <= last) {
    const auto [free_first, free_last] = *next;
    if (free_last < first) {
      ++next;
      continue;
    }
    ranges_.erase(next);
    count_ -= std::min(free_last, last) - std::max(free_first, first) + 1;
    if (free_first < first) ranges_.emplace(free_first, first - 1);
    if (free_last > last) ranges_.emplace(last + 1, free_last);
    next = ranges_.upper_bound(first);
  }
}

void FreeAddresses::Put(const ovpn::IpAddress& address) {
  absl::uint128 first = address.ToNumber();
  absl::uint128 last = first;
  const auto above = ranges_.upper_bound(first);
  if (above != ranges_.begin()) {
    const auto below = std::prev(above);
    if (below->second + 1 == first) first = below->first;
  }
  if (above != ranges_.end() && above->first == last + 1) {
    last = above->second;
    ranges_.erase(above);
  }
  ranges_.insert_or_assign(first, last);
  ++count_;
}

}  // namespace ovpnbroker::policy
