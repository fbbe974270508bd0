#include "ovpn/types/ip.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "ovpn/base/status_macros.h"

namespace ovpnbroker::ovpn {
namespace {

constexpr int kV4Bits = 32;
constexpr int kV6Bits = 128;

bool BitSet(absl::Span<const uint8_t> bytes, int bit) {
  return ((bytes[static_cast<size_t>(bit / 8)] >> (7 - bit % 8)) & 1) != 0;
}

// The prefix length of a netmask, nullopt when it has holes.
std::optional<int> LengthOfNetmask(const IpAddress& netmask) {
  int length = 0;
  while (length < kV4Bits && BitSet(netmask.bytes(), length)) ++length;
  for (int bit = length; bit < kV4Bits; ++bit) {
    if (BitSet(netmask.bytes(), bit)) return std::nullopt;
  }
  return length;
}

}  // namespace

absl::StatusOr<IpAddress> IpAddress::Parse(absl::string_view text) {
  // inet_pton wants a terminated string, and would stop at a NUL inside ours.
  const std::string terminated(text);
  IpAddress address;
  if (terminated.find('\0') == std::string::npos) {
    if (inet_pton(AF_INET, terminated.c_str(), address.bytes_.data()) == 1) return address;
    address.family_ = Family::kV6;
    if (inet_pton(AF_INET6, terminated.c_str(), address.bytes_.data()) == 1) return address;
  }
  return absl::InvalidArgumentError("not an IPv4 or IPv6 address");
}

IpAddress IpAddress::FromNumber(Family family, absl::uint128 number) {
  IpAddress address;
  address.family_ = family;
  for (size_t i = address.bytes().size(); i-- > 0; number >>= 8) {
    address.bytes_[i] = static_cast<uint8_t>(absl::Uint128Low64(number) & 0xFFU);
  }
  return address;
}

absl::uint128 IpAddress::ToNumber() const {
  absl::uint128 number = 0;
  for (const uint8_t byte : bytes()) number = (number << 8) | byte;
  return number;
}

std::string IpAddress::ToString() const {
  std::array<char, INET6_ADDRSTRLEN> text;
  if (is_v4()) {
    char* end = text.data();
    for (const uint8_t byte : bytes()) {
      if (end != text.data()) *end++ = '.';
      end = std::to_chars(end, text.data() + text.size(), byte).ptr;
    }
    return {text.data(), end};
  }
  return inet_ntop(AF_INET6, bytes_.data(), text.data(), text.size());
}

absl::StatusOr<IpPrefix> IpPrefix::Make(const IpAddress& network, int length) {
  const int bits = network.is_v4() ? kV4Bits : kV6Bits;
  if (length < 0 || length > bits) {
    return absl::InvalidArgumentError(absl::StrCat("prefix length must be 0 to ", bits));
  }
  for (int bit = length; bit < bits; ++bit) {
    if (BitSet(network.bytes(), bit)) {
      return absl::InvalidArgumentError(absl::StrCat("host bits are set beyond /", length));
    }
  }
  IpPrefix prefix;
  prefix.network_ = network;
  prefix.length_ = length;
  return prefix;
}

absl::StatusOr<IpPrefix> IpPrefix::Parse(absl::string_view text) {
  const size_t slash = text.find('/');
  ASSIGN_OR_RETURN(const IpAddress network, IpAddress::Parse(text.substr(0, slash)));
  if (slash == absl::string_view::npos) return Make(network, network.is_v4() ? kV4Bits : kV6Bits);
  const absl::string_view suffix = text.substr(slash + 1);
  if (network.is_v4() && suffix.find('.') != absl::string_view::npos) {
    const absl::StatusOr<IpAddress> netmask = IpAddress::Parse(suffix);
    const std::optional<int> length =
        netmask.ok() && netmask->is_v4() ? LengthOfNetmask(*netmask) : std::nullopt;
    if (!length.has_value()) return absl::InvalidArgumentError("not a contiguous IPv4 netmask");
    return Make(network, *length);
  }
  int length = 0;
  const bool digits =
      !suffix.empty() && suffix.size() <= 3 &&
      std::all_of(suffix.begin(), suffix.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (!digits || !absl::SimpleAtoi(suffix, &length)) {
    return absl::InvalidArgumentError("prefix length must be a decimal number");
  }
  return Make(network, length);
}

bool IpPrefix::Contains(const IpAddress& address) const {
  if (address.family() != network_.family()) return false;
  for (int bit = 0; bit < length_; ++bit) {
    if (BitSet(address.bytes(), bit) != BitSet(network_.bytes(), bit)) return false;
  }
  return true;
}

std::string IpPrefix::NetmaskText() const {
  const absl::uint128 ones = absl::Uint128Max() << (kV4Bits - length_);
  return IpAddress::FromNumber(IpAddress::Family::kV4, ones).ToString();
}

IpAddress IpPrefix::Last() const {
  const int host_bits = (is_v4() ? kV4Bits : kV6Bits) - length_;
  const absl::uint128 hosts =
      host_bits == kV6Bits ? absl::Uint128Max() : (absl::uint128(1) << host_bits) - 1;
  return IpAddress::FromNumber(network_.family(), network_.ToNumber() | hosts);
}

std::string IpPrefix::ToString() const { return absl::StrCat(network_.ToString(), "/", length_); }

}  // namespace ovpnbroker::ovpn
