// OpenVPN's version as its `version` command tells it, and the oldest that the broker works with.
// Plain value; any thread.
#pragma once

#include <compare>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace ovpnbroker::ovpn {

struct OpenvpnVersion {
  int major = 0;
  int minor = 0;
  int patch = 0;
  auto operator<=>(const OpenvpnVersion&) const = default;

  // "OpenVPN 2.6.14 x86_64-pc-linux-gnu [SSL (OpenSSL)] ..."; "2.7_beta1" is 2.7.0.
  static absl::StatusOr<OpenvpnVersion> Parse(absl::string_view text);
  std::string ToString() const;
};

// Before 2.6.11 a client could put line ends into CR_RESPONSE and so forge notifications.
inline constexpr OpenvpnVersion kOldestOpenvpn{2, 6, 11};

}  // namespace ovpnbroker::ovpn
