// The reply to `status 3` as rows: the clients that OpenVPN has right now, to compare with the
// sessions that the broker knows. Columns are found by the HEADER row, so new ones do no harm.
// Plain value; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "ovpn/base/ids.h"

namespace ovpnbroker::ovpn {

struct StatusReport {
  struct Client {
    std::optional<std::string> common_name;  // nullopt: UNDEF, still in TLS or without certificate
    std::string real_address;                // "192.0.2.7:50123"; IPv6 has no port on OpenVPN 2.6
    std::string virtual_address;             // empty: waits for an answer, or never got past one
    std::string virtual_ipv6_address;
    uint64_t received_bytes = 0;  // from the client
    uint64_t sent_bytes = 0;
    int64_t connected_since = 0;          // Unix time
    std::optional<std::string> username;  // nullopt: UNDEF
    Cid cid;
    bool operator==(const Client&) const = default;
  };

  std::string title;
  int64_t unix_time = 0;
  std::vector<Client> clients;

  // `lines` are the reply without its END. INVALID_ARGUMENT names the line by number and the column
  // that is missing or wrong.
  static absl::StatusOr<StatusReport> Parse(absl::Span<const std::string> lines);
};

}  // namespace ovpnbroker::ovpn
