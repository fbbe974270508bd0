#include "ovpn/management/openvpn_version.h"

#include <charconv>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace ovpnbroker::ovpn {
namespace {

bool TakeNumber(absl::string_view& text, int& number) {
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || number < 0) return false;
  text.remove_prefix(static_cast<size_t>(rest - text.data()));
  return true;
}

}  // namespace

absl::StatusOr<OpenvpnVersion> OpenvpnVersion::Parse(absl::string_view text) {
  OpenvpnVersion version;
  absl::string_view rest = text;
  if (!absl::ConsumePrefix(&rest, "OpenVPN ") || !TakeNumber(rest, version.major) ||
      !absl::ConsumePrefix(&rest, ".") || !TakeNumber(rest, version.minor)) {
    return absl::InvalidArgumentError("not a version of OpenVPN");
  }
  // Not for "2.7_beta1" and "2.7_git".
  if (absl::ConsumePrefix(&rest, ".") && !TakeNumber(rest, version.patch)) {
    return absl::InvalidArgumentError("not a version of OpenVPN");
  }
  return version;
}

std::string OpenvpnVersion::ToString() const { return absl::StrCat(major, ".", minor, ".", patch); }

}  // namespace ovpnbroker::ovpn
