#include "ovpn/types/ip.h"

#include <arpa/inet.h>

#include <algorithm>
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

using TextBuffer = std::array<char, INET6_ADDRSTRLEN>;

// An octet of a dotted quad, with the dot behind it: "192.".
struct OctetText {
  std::array<char, 4> bytes{};
  uint8_t size = 0;
};

constexpr std::array<OctetText, 256> kOctetTexts = [] {
  std::array<OctetText, 256> texts;
  for (size_t octet = 0; octet < texts.size(); ++octet) {
    OctetText& text = texts[octet];
    const auto add = [&text](size_t digit) {
      text.bytes[text.size++] = static_cast<char>('0' + digit);
    };
    if (octet >= 100) add(octet / 100);
    if (octet >= 10) add(octet / 10 % 10);
    add(octet % 10);
    text.bytes[text.size++] = '.';
  }
  return texts;
}();

// The text of an address, in `buffer`.
inline absl::string_view Print(absl::Span<const uint8_t> bytes, TextBuffer& buffer) {
  if (bytes.size() != kV4Bits / 8) {
    return inet_ntop(AF_INET6, bytes.data(), buffer.data(), INET6_ADDRSTRLEN);
  }
  char* end = buffer.data();
  for (const uint8_t byte : bytes) {
    const OctetText& octet = kOctetTexts[byte];
    std::copy_n(octet.bytes.data(), octet.bytes.size(), end);
    end += octet.size;
  }
  const auto size = static_cast<size_t>(end - buffer.data());
  return {buffer.data(), size - 1};  // without the last dot
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
  TextBuffer buffer;
  return std::string(Print(bytes(), buffer));
}

void IpAddress::AppendTo(std::string& text) const {
  TextBuffer buffer;
  const absl::string_view printed = Print(bytes(), buffer);
  text.append(printed.data(), printed.size());
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
  IpAddress netmask;
  for (int i = 0; i < kV4Bits / 8; ++i) {
    const int ones = std::clamp(length_ - 8 * i, 0, 8);
    netmask.bytes_[static_cast<size_t>(i)] = static_cast<uint8_t>(0xFF00 >> ones);
  }
  return netmask.ToString();
}

IpAddress IpPrefix::Last() const {
  const int host_bits = (is_v4() ? kV4Bits : kV6Bits) - length_;
  const absl::uint128 hosts =
      host_bits == kV6Bits ? absl::Uint128Max() : (absl::uint128(1) << host_bits) - 1;
  return IpAddress::FromNumber(network_.family(), network_.ToNumber() | hosts);
}

std::string IpPrefix::ToString() const { return absl::StrCat(network_.ToString(), "/", length_); }

}  // namespace ovpnbroker::ovpn
