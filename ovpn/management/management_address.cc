#include "ovpn/management/management_address.h"

#include <asio/ip/address.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/local/stream_protocol.hpp>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "ovpn/management/decimal.h"

namespace ovpnbroker::ovpn {

absl::StatusOr<ManagementAddress> ManagementAddress::Unix(absl::string_view path) {
  if (!absl::StartsWith(path, "/")) {
    return absl::InvalidArgumentError("the path of a management socket must be absolute");
  }
  if (path.size() > kMaxUnixPathBytes) {
    return absl::InvalidArgumentError(absl::StrCat("the path of a management socket has ",
                                                   path.size(), " bytes, at most ",
                                                   kMaxUnixPathBytes, " are possible: ", path));
  }
  if (path.find('\0') != absl::string_view::npos) {
    return absl::InvalidArgumentError("the path of a management socket holds a NUL byte");
  }
  return ManagementAddress(asio::local::stream_protocol::endpoint(std::string(path)), path, path,
                           {std::string(path), "unix"});
}

absl::StatusOr<ManagementAddress> ManagementAddress::Tcp(absl::string_view text) {
  absl::Status error = absl::InvalidArgumentError(absl::StrCat(
      "a management address is a loopback address with a port, as 127.0.0.1:7505: ", text));
  const size_t colon = text.rfind(':');
  if (colon == absl::string_view::npos) return error;
  absl::string_view host = text.substr(0, colon);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);

  asio::error_code not_an_address;
  const asio::ip::address address = asio::ip::make_address(std::string(host), not_an_address);
  const auto port = ParseDecimal<uint16_t>(text.substr(colon + 1));
  if (not_an_address || address.is_v6() != bracketed || !address.is_loopback() || !port ||
      *port == 0) {
    return error;
  }
  return ManagementAddress(asio::ip::tcp::endpoint(address, *port), text, "",
                           {address.to_string(), absl::StrCat(*port)});
}

}  // namespace ovpnbroker::ovpn
