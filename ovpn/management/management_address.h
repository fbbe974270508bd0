// Where a management socket listens. Plain value; any thread.
#pragma once

#include <asio/generic/stream_protocol.hpp>
#include <string>
#include <utility>
#include <vector>

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
  // The path of a unix socket; "" for TCP.
  const std::string& unix_path() const { return unix_path_; }
  // The arguments of OpenVPN's --management: {"/run/m.sock", "unix"} or {"127.0.0.1", "7505"}.
  const std::vector<std::string>& openvpn_words() const { return openvpn_words_; }

 private:
  ManagementAddress(asio::generic::stream_protocol::endpoint endpoint, absl::string_view text,
                    absl::string_view unix_path, std::vector<std::string> openvpn_words)
      : endpoint_(std::move(endpoint)),
        text_(text),
        unix_path_(unix_path),
        openvpn_words_(std::move(openvpn_words)) {}

  asio::generic::stream_protocol::endpoint endpoint_;
  std::string text_;
  std::string unix_path_;
  std::vector<std::string> openvpn_words_;
};

}  // namespace ovpnbroker::ovpn
