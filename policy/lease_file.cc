#include "policy/lease_file.h"

#include <chrono>
#include <optional>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace ovpnbroker::policy {
namespace {

constexpr absl::string_view kFirstLine = "ovpn-broker address leases 1";
constexpr absl::string_view kLastLine = "end ";
constexpr absl::string_view kNoAddress = "-";

std::string AddressText(const std::optional<ovpn::IpAddress>& address) {
  return address.has_value() ? address->ToString() : std::string(kNoAddress);
}

int64_t ToSeconds(ovpn::WallTime time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
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
  int64_t seconds = 0;
  if (words.size() != 5 || words[0].empty()) return std::nullopt;
  kept.pool = std::string(words[0]);
  const bool read = ReadAddress(words[1], ovpn::IpAddress::Family::kV4, kept.lease.ipv4) &&
                    ReadAddress(words[2], ovpn::IpAddress::Family::kV6, kept.lease.ipv6) &&
                    absl::SimpleAtoi(words[3], &seconds) &&
                    absl::CUnescape(words[4], &kept.lease.user);
  // Far beyond any clock, and far from overflow.
  constexpr int64_t kLatest = 4'000'000'000;
  if (!read || seconds < 0 || seconds > kLatest) return std::nullopt;
  if (!kept.lease.ipv4.has_value() && !kept.lease.ipv6.has_value()) return std::nullopt;
  kept.lease.last_use = ovpn::WallTime(std::chrono::seconds(seconds));
  return kept;
}

absl::Status Wrong(size_t line, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("line ", line, ": ", what));
}

}  // namespace

std::string FormatLeases(const AddressPools& pools) {
  std::string text = absl::StrCat(kFirstLine, "\n");
  size_t count = 0;
  for (const auto& pool : pools.all()) {
    pool->VisitLeases(std::nullopt, [&](const AddressLease& lease) {
      absl::StrAppend(&text, pool->options().name, "\t", AddressText(lease.ipv4), "\t",
                      AddressText(lease.ipv6), "\t", ToSeconds(lease.last_use), "\t",
                      absl::CHexEscape(lease.user), "\n");
      ++count;
      return true;
    });
  }
  absl::StrAppend(&text, kLastLine, count, "\n");
  return text;
}

absl::StatusOr<std::vector<KeptLease>> ParseLeases(absl::string_view text) {
  if (!absl::ConsumeSuffix(&text, "\n")) return absl::InvalidArgumentError("the end is missing");
  std::vector<KeptLease> leases;
  size_t number = 0;
  bool ended = false;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    if (ended) return Wrong(number, "text behind the end");
    if (number == 1) {
      if (line != kFirstLine) return Wrong(number, absl::StrCat("is not \"", kFirstLine, "\""));
    } else if (absl::ConsumePrefix(&line, kLastLine)) {
      if (line != absl::StrCat(leases.size())) return Wrong(number, "the count is another");
      ended = true;
    } else {
      std::optional<KeptLease> kept = ReadLine(line);
      if (!kept.has_value()) return Wrong(number, "is not a lease");
      leases.push_back(*std::move(kept));
    }
  }
  if (!ended) return absl::InvalidArgumentError("the end is missing");
  return leases;
}

}  // namespace ovpnbroker::policy
