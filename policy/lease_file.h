// The text that keeps leases over a restart of the broker, a line for each; see counted_lines.h.
// Pure functions; any thread.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "policy/address_pool.h"

namespace ovpnbroker::policy {

// More is nobody's lease file: a hundred bytes for each of 64 pools' leases would be far below.
inline constexpr size_t kMaxLeaseFileBytes = 256UL * 1024 * 1024;

struct KeptLease {
  std::string pool;
  AddressLease lease;
};

std::string FormatLeases(const std::vector<KeptLease>& leases);
// INVALID_ARGUMENT with the line's number for anything that FormatLeases does not make.
absl::StatusOr<std::vector<KeptLease>> ParseLeases(absl::string_view text);

}  // namespace ovpnbroker::policy
