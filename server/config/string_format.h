// The forms that string fields of the configuration may have. Any thread.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ovpn/types/ip.h"
#include "ovpnbroker/config/v1/options.pb.h"

namespace ovpnbroker::server {

// Longest path of a unix socket: sizeof(sockaddr_un::sun_path) less the final zero.
inline constexpr size_t kMaxSocketPath = 107;

// The value to store for `text`: checked against `format`, and with relative paths resolved against
// `directory`. INVALID_ARGUMENT says what is accepted.
absl::StatusOr<std::string> NormalizeString(config::v1::Format format, absl::string_view text,
                                            const std::string& directory);

struct HostPort {
  ovpn::IpAddress address;
  int port = 0;

  bool is_loopback() const;
};

// "127.0.0.1:50051", "[::1]:50051"; no host names.
absl::StatusOr<HostPort> ParseHostPort(absl::string_view text);

}  // namespace ovpnbroker::server
