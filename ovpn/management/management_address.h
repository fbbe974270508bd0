// Where a management socket listens. Plain value; any thread.
#pragma once

#include <asio/generic/stream_protocol.hpp>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace ovpnbroker::ovpn {

class ManagementAddress {
 public:
  // OpenVPN silently cuts a longer path off and binds that.
  static constexpr size_t kMaxUnixPathBytes = 107;

  // INVALID_ARGUMENT when `path` is relative, too long or holds a NUL.
  static absl::StatusOr<ManagementAddress> Unix(absl::string_view path);
  // "127.0.0.1:7505", "[::1]:7505". INVALID_ARGUMENT unless it is a loopback address with a port:
  // passwords cross this socket in the clear.
  static absl::StatusOr<ManagementAddress> Tcp(absl::string_view text);

  const asio::generic::stream_protocol::endpoint& endpoint() const { return endpoint_; }
  const std::string& ToString() const { return text_; }

 private:
  ManagementAddress(asio::generic::stream_protocol::endpoint endpoint, absl::string_view text)
      : endpoint_(std::move(endpoint)), text_(text) {}

  asio::generic::stream_protocol::endpoint endpoint_;
  std::string text_;
};

}  // namespace ovpnbroker::ovpn
