// What "the p99" is, wherever all values are at hand. Pure; any thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace ovpnbroker::ovpn {

// The value of an ascending list that `percent` of 100 of them are below; with 100 the largest.
// Zero of an empty list.
template <typename Value>
Value Percentile(const std::vector<Value>& ascending, size_t percent) {
  if (ascending.empty()) return Value{};
  return ascending[std::min(ascending.size() - 1, ascending.size() * percent / 100)];
}

}  // namespace ovpnbroker::ovpn
