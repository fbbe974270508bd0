// IP addresses and prefixes as values: parsed from text, printed again by us, so that no foreign
// text reaches OpenVPN as an address. Plain values; any thread.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/numeric/int128.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace ovpnbroker::ovpn {

class IpAddress {
 public:
  enum class Family : uint8_t { kV4, kV6 };

  // 0.0.0.0
  IpAddress() = default;

  // Accepts dotted-quad IPv4 ("10.8.0.2", no leading zeros) and RFC 4291 IPv6 ("fd00::2"); no zone,
  // port or blanks. INVALID_ARGUMENT otherwise.
  static absl::StatusOr<IpAddress> Parse(absl::string_view text);

  // The address as a number and back, for ranges. An IPv4 number is below 2^32; more is cut off.
  static IpAddress FromNumber(Family family, absl::uint128 number);
  absl::uint128 ToNumber() const;

  Family family() const { return family_; }
  bool is_v4() const { return family_ == Family::kV4; }
  bool is_v6() const { return family_ == Family::kV6; }
  // Network order; 4 or 16 bytes.
  absl::Span<const uint8_t> bytes() const { return {bytes_.data(), is_v4() ? 4U : 16U}; }
  // Canonical text (inet_ntop).
  std::string ToString() const;
  // The same, behind what `text` holds.
  void AppendTo(std::string& text) const;

  auto operator<=>(const IpAddress&) const = default;

  template <typename H>
  friend H AbslHashValue(H h, const IpAddress& ip) {
    return H::combine(std::move(h), ip.family_, ip.bytes_);
  }

 private:
  friend class IpPrefix;

  Family family_ = Family::kV4;
  std::array<uint8_t, 16> bytes_ = {};  // IPv4 uses the first four, the rest is zero
};

class IpPrefix {
 public:
  // 0.0.0.0/0
  IpPrefix() = default;

  // "10.8.0.0/24", "10.8.0.0/255.255.255.0", "fd00::/64"; a bare address is a host prefix (/32,
  // /128). INVALID_ARGUMENT for anything else: a length out of range, a netmask with holes, host
  // bits that are set.
  static absl::StatusOr<IpPrefix> Parse(absl::string_view text);
  // The same checks on parts.
  static absl::StatusOr<IpPrefix> Make(const IpAddress& network, int length);

  const IpAddress& network() const { return network_; }
  int length() const { return length_; }  // 0 to 32 or 128
  bool is_v4() const { return network_.is_v4(); }
  bool is_v6() const { return network_.is_v6(); }
  bool Contains(const IpAddress& address) const;
  // IPv4 only: the length as a dotted netmask ("255.255.255.0").
  std::string NetmaskText() const;
  // The address with all host bits set: IPv4's broadcast address.
  IpAddress Last() const;
  // "10.8.0.0/24"
  std::string ToString() const;

  auto operator<=>(const IpPrefix&) const = default;

 private:
  IpAddress network_;
  int length_ = 0;
};

}  // namespace ovpnbroker::ovpn
