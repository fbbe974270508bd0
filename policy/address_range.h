// A run of addresses of one family, first and last included. Plain value; any thread.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ovpn/types/ip.h"

namespace ovpnbroker::policy {

struct AddressRange {
  ovpn::IpAddress first;
  ovpn::IpAddress last;  // same family, not below first

  // "10.8.0.5", "10.8.0.0/28" or "10.8.0.5-10.8.0.9". INVALID_ARGUMENT otherwise.
  static absl::StatusOr<AddressRange> Parse(absl::string_view text);

  bool Contains(const ovpn::IpAddress& address) const {
    return address.family() == first.family() && first <= address && address <= last;
  }
  bool Contains(const AddressRange& other) const {
    return Contains(other.first) && Contains(other.last);
  }
  bool Overlaps(const AddressRange& other) const {
    return first.family() == other.first.family() && first <= other.last && other.first <= last;
  }
  bool operator==(const AddressRange&) const = default;
};

}  // namespace ovpnbroker::policy
