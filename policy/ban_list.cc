#include "policy/ban_list.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"

namespace ovpnbroker::policy {
namespace {

std::string NormalName(absl::string_view name) {
  return absl::AsciiStrToLower(absl::StripAsciiWhitespace(name));
}

// Lower-case octets with colons, without leading zero octets; empty when `text` is no serial.
std::string NormalSerial(absl::string_view text) {
  std::string digits =
      absl::AsciiStrToLower(absl::StrReplaceAll(absl::StripAsciiWhitespace(text), {{":", ""}}));
  const bool hex = std::all_of(digits.begin(), digits.end(), [](char c) {
    return absl::ascii_isxdigit(static_cast<unsigned char>(c));
  });
  if (!hex || digits.empty() || digits.size() > 2 * BanSubject::kMaxSerialBytes) return "";
  if (digits.size() % 2 == 1) digits.insert(0, "0");
  size_t begin = 0;
  while (begin + 2 < digits.size() && digits.compare(begin, 2, "00") == 0) begin += 2;
  std::string serial;
  for (size_t i = begin; i < digits.size(); i += 2) {
    absl::StrAppend(&serial, serial.empty() ? "" : ":", digits.substr(i, 2));
  }
  return serial;
}

// An IPv4 address that a socket for both families wrote as IPv6 (::ffff:192.0.2.7).
ovpn::IpAddress Unmapped(const ovpn::IpAddress& address) {
  constexpr absl::uint128 kMapped = absl::uint128(0xffff) << 32;
  constexpr absl::uint128 kLow = 0xffffffff;
  const absl::uint128 number = address.ToNumber();
  if (address.is_v4() || (number & ~kLow) != kMapped) return address;
  return ovpn::IpAddress::FromNumber(ovpn::IpAddress::Family::kV4, number & kLow);
}

// "192.0.2.7:50123", "[2001:db8::7]:50123", or either without a port.
std::optional<ovpn::IpAddress> AddressOf(absl::string_view real_address) {
  absl::string_view text = real_address;
  if (absl::ConsumePrefix(&text, "[")) {
    text = text.substr(0, text.find(']'));
  } else if (std::count(text.begin(), text.end(), ':') == 1) {
    text = text.substr(0, text.find(':'));
  }
  const absl::StatusOr<ovpn::IpAddress> address = ovpn::IpAddress::Parse(text);
  if (!address.ok()) return std::nullopt;
  return Unmapped(*address);
}

int AddressBits(const ovpn::IpPrefix& network) { return network.is_v4() ? 32 : 128; }

std::string NetworkText(const ovpn::IpPrefix& network) {
  return network.length() == AddressBits(network) ? network.network().ToString()
                                                  : network.ToString();
}

// A network of mapped IPv4 addresses as IPv4; its clients are looked up so.
ovpn::IpPrefix Unmapped(const ovpn::IpPrefix& network) {
  constexpr int kMappedBits = 96;
  const ovpn::IpAddress address = Unmapped(network.network());
  if (network.is_v4() || !address.is_v4() || network.length() < kMappedBits) return network;
  return ovpn::IpPrefix::Make(address, network.length() - kMappedBits).value_or(network);
}

// The network of this length that `address` is in.
ovpn::IpPrefix NetworkOf(const ovpn::IpAddress& address, int length, int bits) {
  const absl::uint128 host_mask =
      length == 0 && bits == 128 ? ~absl::uint128(0) : (absl::uint128(1) << (bits - length)) - 1;
  const auto network =
      ovpn::IpAddress::FromNumber(address.family(), address.ToNumber() & ~host_mask);
  return *ovpn::IpPrefix::Make(network, length);
}

}  // namespace

absl::StatusOr<BanSubject> BanSubject::Parse(BanKind kind, absl::string_view text) {
  BanSubject subject(kind, "");
  if (kind == BanKind::kUsername || kind == BanKind::kCommonName) {
    subject.text_ = NormalName(text);
    if (subject.text_.empty() || text.size() > kMaxNameBytes) {
      return absl::InvalidArgumentError(
          absl::StrCat("a name has 1 to ", kMaxNameBytes, " bytes, not only blanks"));
    }
  } else if (kind == BanKind::kCertificateSerial) {
    subject.text_ = NormalSerial(text);
    if (subject.text_.empty()) {
      return absl::InvalidArgumentError(
          "a serial number is hexadecimal, with or without colons: 01:af:2c");
    }
  } else {
    const absl::StatusOr<ovpn::IpPrefix> network =
        ovpn::IpPrefix::Parse(absl::StripAsciiWhitespace(text));
    if (!network.ok()) return network.status();
    subject.network_ = Unmapped(*network);
    subject.text_ = NetworkText(subject.network_);
  }
  return subject;
}

bool BanSubject::Matches(const ovpn::ClientIdentity& identity) const {
  switch (kind_) {
    case BanKind::kUsername:
      return NormalName(identity.username) == text_;
    case BanKind::kCommonName:
      return NormalName(identity.common_name) == text_;
    case BanKind::kCertificateSerial:
      return NormalSerial(identity.certificate_serial) == text_;
    case BanKind::kRealAddress: {
      const auto address = AddressOf(identity.real_address);
      return address.has_value() && network_.Contains(*address);
    }
  }
  return false;
}

absl::Status BanList::Add(Ban ban) {
  Index& index = IndexOf(ban.subject.kind());
  if (const auto old = index.find(ban.subject.text()); old != index.end()) {
    Remove(std::string(old->second->uid));
  }
  if (bans_.size() >= kMaxBans) {
    return absl::ResourceExhaustedError(absl::StrCat("there are ", kMaxBans, " bans already"));
  }
  std::string uid = ban.uid;
  Remove(uid);
  const Ban& added = bans_.emplace(std::move(uid), std::move(ban)).first->second;
  index[added.subject.text()] = &added;
  if (added.expire_time.has_value()) by_expiry_.emplace(*added.expire_time, added.uid);
  if (added.subject.kind() == BanKind::kRealAddress) {
    const auto length = static_cast<size_t>(added.subject.network().length());
    ++(added.subject.network().is_v4() ? ipv4_lengths_[length] : ipv6_lengths_[length]);
  }
  return absl::OkStatus();
}

std::optional<Ban> BanList::Remove(const std::string& uid) {
  const auto found = bans_.find(uid);
  if (found == bans_.end()) return std::nullopt;
  Ban ban = std::move(found->second);
  bans_.erase(found);
  IndexOf(ban.subject.kind()).erase(ban.subject.text());
  if (ban.expire_time.has_value()) by_expiry_.erase({*ban.expire_time, ban.uid});
  if (ban.subject.kind() == BanKind::kRealAddress) {
    const auto length = static_cast<size_t>(ban.subject.network().length());
    --(ban.subject.network().is_v4() ? ipv4_lengths_[length] : ipv6_lengths_[length]);
  }
  return ban;
}

const Ban* BanList::FindMatch(const ovpn::ClientIdentity& identity, ovpn::WallTime now) const {
  if (bans_.empty()) return nullptr;
  const auto named = [this, now](BanKind kind, const std::string& text) -> const Ban* {
    const Index& index = IndexOf(kind);
    if (index.empty() || text.empty()) return nullptr;
    const auto found = index.find(text);
    return found == index.end() || found->second->ExpiredAt(now) ? nullptr : found->second;
  };
  if (const Ban* ban =
          named(BanKind::kCertificateSerial, NormalSerial(identity.certificate_serial)))
    return ban;
  if (const Ban* ban = named(BanKind::kCommonName, NormalName(identity.common_name))) return ban;
  if (const Ban* ban = named(BanKind::kUsername, NormalName(identity.username))) return ban;
  if (IndexOf(BanKind::kRealAddress).empty()) return nullptr;
  const auto address = AddressOf(identity.real_address);
  return address.has_value() ? FindAddress(*address, now) : nullptr;
}

const Ban* BanList::FindAddress(const ovpn::IpAddress& address, ovpn::WallTime now) const {
  const int bits = address.is_v4() ? 32 : 128;
  for (int length = bits; length >= 0; --length) {
    const auto at = static_cast<size_t>(length);
    if ((address.is_v4() ? ipv4_lengths_[at] : ipv6_lengths_[at]) == 0) continue;
    const Index& index = IndexOf(BanKind::kRealAddress);
    const auto found = index.find(NetworkText(NetworkOf(address, length, bits)));
    if (found != index.end() && !found->second->ExpiredAt(now)) return found->second;
  }
  return nullptr;
}

const Ban* BanList::FindSubject(const BanSubject& subject, ovpn::WallTime now) const {
  const Index& index = IndexOf(subject.kind());
  const auto found = index.find(subject.text());
  return found == index.end() || found->second->ExpiredAt(now) ? nullptr : found->second;
}

const Ban* BanList::Find(const std::string& uid, ovpn::WallTime now) const {
  const auto found = bans_.find(uid);
  return found == bans_.end() || found->second.ExpiredAt(now) ? nullptr : &found->second;
}

void BanList::Visit(const std::string& after, ovpn::WallTime now,
                    const std::function<bool(const Ban&)>& visit) const {
  for (auto next = bans_.upper_bound(after); next != bans_.end(); ++next) {
    if (!next->second.ExpiredAt(now) && !visit(next->second)) return;
  }
}

std::vector<std::string> BanList::Sweep(ovpn::WallTime now) {
  std::vector<std::string> swept;
  while (!by_expiry_.empty() && by_expiry_.begin()->first <= now) {
    swept.push_back(by_expiry_.begin()->second);
    Remove(swept.back());
  }
  return swept;
}

absl::string_view ToString(BanKind kind) {
  switch (kind) {
    case BanKind::kUsername:
      return "USERNAME";
    case BanKind::kCommonName:
      return "COMMON_NAME";
    case BanKind::kCertificateSerial:
      return "CERTIFICATE_SERIAL";
    case BanKind::kRealAddress:
      return "REAL_ADDRESS";
  }
  return "UNKNOWN";
}

std::optional<BanKind> ParseBanKind(absl::string_view text) {
  const auto* const found = std::find_if(kBanKinds.begin(), kBanKinds.end(),
                                         [text](BanKind kind) { return ToString(kind) == text; });
  if (found == kBanKinds.end()) return std::nullopt;
  return *found;
}

}  // namespace ovpnbroker::policy
