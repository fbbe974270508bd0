// "dns:NAME:PORT": a name that stands for all addresses behind it. Pure; any thread.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace ovpnbroker::ovpn {

inline constexpr absl::string_view kDnsScheme = "dns:";

struct DnsTarget {
  std::string name;
  std::string port;
};

// INVALID_ARGUMENT when `address` is not dns:NAME:PORT.
absl::StatusOr<DnsTarget> ParseDnsTarget(absl::string_view address);

}  // namespace ovpnbroker::ovpn
