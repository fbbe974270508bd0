// Who is banned: exact names and serial numbers in hash tables, networks in one more, asked once
// for each prefix length in use, so that a hundred thousand bans cost a decision no more than ten.
// Time is an argument. Owned by the broker; loop thread only.
//
// An expired ban counts for nothing from that moment; Sweep only takes it out of the list.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ovpn/base/clock.h"
#include "ovpn/types/client_identity.h"
#include "ovpn/types/ip.h"

namespace ovpnbroker::policy {

enum class BanKind {
  kUsername,
  kCommonName,
  kCertificateSerial,
  kRealAddress,  // a network; one address is a host prefix
};

inline constexpr std::array<BanKind, 4> kBanKinds = {
    BanKind::kUsername, BanKind::kCommonName, BanKind::kCertificateSerial, BanKind::kRealAddress};

// Who is banned, in the one form in which it is compared.
class BanSubject {
 public:
  static constexpr size_t kMaxNameBytes = 255;   // of a user name or common name
  static constexpr size_t kMaxSerialBytes = 64;  // octets; certificates have at most 20

  // `text` as an operator writes it. INVALID_ARGUMENT says what is accepted.
  static absl::StatusOr<BanSubject> Parse(BanKind kind, absl::string_view text);

  BanKind kind() const { return kind_; }
  // As it is shown and compared: names in ASCII lower case and without blanks around, serial
  // numbers as lower-case octets with colons, networks as "192.0.2.0/24", addresses without length.
  const std::string& text() const { return text_; }
  // With kRealAddress.
  const ovpn::IpPrefix& network() const { return network_; }

  bool Matches(const ovpn::ClientIdentity& identity) const;
  bool operator==(const BanSubject&) const = default;

 private:
  friend class BanList;
  BanSubject(BanKind kind, std::string text) : kind_(kind), text_(std::move(text)) {}

  BanKind kind_;
  std::string text_;
  ovpn::IpPrefix network_;
};

struct Ban {
  std::string uid;
  BanSubject subject;
  std::string reason;         // for operators
  std::string client_reason;  // for the client; empty: plain AUTH_FAILED
  std::string creator;
  ovpn::WallTime create_time;
  std::optional<ovpn::WallTime> expire_time = std::nullopt;  // nullopt: never

  bool ExpiredAt(ovpn::WallTime now) const {
    return expire_time.has_value() && *expire_time <= now;
  }
  bool operator==(const Ban&) const = default;
};

class BanList {
 public:
  static constexpr size_t kMaxBans = 500'000;

  // Takes `ban` in. A subject has one ban: an older one of the same subject makes room.
  // RESOURCE_EXHAUSTED when the list is full.
  absl::Status Add(Ban ban);
  // What was removed; nullopt when there is no such ban.
  std::optional<Ban> Remove(const std::string& uid);

  // The ban that keeps this client out; null: none. Valid until the list changes.
  const Ban* FindMatch(const ovpn::ClientIdentity& identity, ovpn::WallTime now) const;
  // The ban of exactly this subject, in force at `now`; null: none.
  const Ban* FindSubject(const BanSubject& subject, ovpn::WallTime now) const;
  const Ban* Find(const std::string& uid, ovpn::WallTime now) const;
  // Bans in force whose uid is greater than `after`, in uid order, until `visit` returns false.
  void Visit(const std::string& after, ovpn::WallTime now,
             const std::function<bool(const Ban&)>& visit) const;

  // Takes out what has expired; their uids.
  std::vector<std::string> Sweep(ovpn::WallTime now);
  // Expired ones count until the next Sweep.
  size_t size() const { return bans_.size(); }
  size_t size(BanKind kind) const { return IndexOf(kind).size(); }

 private:
  using Index = absl::flat_hash_map<std::string, const Ban*>;

  const Ban* FindAddress(const ovpn::IpAddress& address, ovpn::WallTime now) const;
  Index& IndexOf(BanKind kind) { return indexes_[static_cast<size_t>(kind)]; }
  const Index& IndexOf(BanKind kind) const { return indexes_[static_cast<size_t>(kind)]; }

  std::map<std::string, Ban> bans_;  // by uid, which sorts by time of making
  std::array<Index, 4> indexes_;     // by the subject's text; a network's too
  // How many networks have this prefix length.
  std::array<size_t, 33> ipv4_lengths_ = {};
  std::array<size_t, 129> ipv6_lengths_ = {};
  std::set<std::pair<ovpn::WallTime, std::string>> by_expiry_;  // those that expire, with their uid
};

// "USERNAME", "COMMON_NAME", "CERTIFICATE_SERIAL", "REAL_ADDRESS".
absl::string_view ToString(BanKind kind);
std::optional<BanKind> ParseBanKind(absl::string_view text);

}  // namespace ovpnbroker::policy
