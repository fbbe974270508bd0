#include "policy/lease_file.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "policy/counted_lines.h"

namespace ovpnbroker::policy {
namespace {

constexpr absl::string_view kFirstLine = "ovpn-broker address leases 1";
constexpr absl::string_view kNoAddress = "-";

std::string AddressText(const std::optional<ovpn::IpAddress>& address) {
  return address.has_value() ? address->ToString() : std::string(kNoAddress);
}

// False when `text` is neither an address of this family nor "-".
bool ReadAddress(absl::string_view text, ovpn::IpAddress::Family family,
                 std::optional<ovpn::IpAddress>& address) {
  if (text == kNoAddress) return true;
  const absl::StatusOr<ovpn::IpAddress> parsed = ovpn::IpAddress::Parse(text);
  if (!parsed.ok() || parsed->family() != family) return false;
  address = *parsed;
  return true;
}

std::optional<KeptLease> ReadLine(absl::string_view line) {
  const std::vector<absl::string_view> words = absl::StrSplit(line, '\t');
  KeptLease kept;
  if (words.size() != 5 || words[0].empty()) return std::nullopt;
  kept.pool = std::string(words[0]);
  const bool read = ReadAddress(words[1], ovpn::IpAddress::Family::kV4, kept.lease.ipv4) &&
                    ReadAddress(words[2], ovpn::IpAddress::Family::kV6, kept.lease.ipv6);
  const std::optional<ovpn::WallTime> last_use = ReadSeconds(words[3]);
  std::optional<std::string> user = ReadText(words[4]);
  if (!read || !last_use.has_value() || !user.has_value()) return std::nullopt;
  if (!kept.lease.ipv4.has_value() && !kept.lease.ipv6.has_value()) return std::nullopt;
  kept.lease.user = *std::move(user);
  kept.lease.last_use = *last_use;
  return kept;
}

}  // namespace

std::string FormatLeases(const std::vector<KeptLease>& leases) {
  std::string lines;
  for (const auto& [pool, lease] : leases) {
    absl::StrAppend(&lines, pool, "\t", AddressText(lease.ipv4), "\t", AddressText(lease.ipv6),
                    "\t", ToSeconds(lease.last_use), "\t", FormatText(lease.user), "\n");
  }
  return FormatCountedLines(kFirstLine, lines, leases.size());
}

absl::StatusOr<std::vector<KeptLease>> ParseLeases(absl::string_view text) {
  return ReadCountedLines(text, kFirstLine, "is not a lease", ReadLine);
}

}  // namespace ovpnbroker::policy
