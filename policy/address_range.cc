#include "policy/address_range.h"

#include "ovpn/base/status_macros.h"

namespace ovpnbroker::policy {

absl::StatusOr<AddressRange> AddressRange::Parse(absl::string_view text) {
  const size_t dash = text.find('-');
  if (dash == absl::string_view::npos) {
    ASSIGN_OR_RETURN(const ovpn::IpPrefix prefix, ovpn::IpPrefix::Parse(text));
    return AddressRange{prefix.network(), prefix.Last()};
  }
  ASSIGN_OR_RETURN(const ovpn::IpAddress first, ovpn::IpAddress::Parse(text.substr(0, dash)));
  ASSIGN_OR_RETURN(const ovpn::IpAddress last, ovpn::IpAddress::Parse(text.substr(dash + 1)));
  if (first.family() != last.family()) {
    return absl::InvalidArgumentError("the two ends are of different families");
  }
  if (last < first) return absl::InvalidArgumentError("the end lies before the start");
  return AddressRange{first, last};
}

}  // namespace ovpnbroker::policy
