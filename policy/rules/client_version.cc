#include "policy/rules/client_version.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace ovpnbroker::policy {
namespace {

// Consumes the version at the start of `text`.
std::optional<ClientVersion> ConsumeVersion(absl::string_view& text) {
  ClientVersion version;
  while (version.size < ClientVersion::kMaxParts) {
    const auto is_digit = [](char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); };
    const size_t start = version.size == 0 ? 0 : 1;  // the dot
    if (start == 1 && (text.empty() || text.front() != '.')) break;
    size_t end = start;
    while (end < text.size() && is_digit(text[end])) ++end;
    if (end == start ||
        !absl::SimpleAtoi(text.substr(start, end - start), &version.parts[version.size])) {
      break;
    }
    ++version.size;
    text.remove_prefix(end);
  }
  return version.size == 0 ? std::nullopt : std::make_optional(version);
}

}  // namespace

std::optional<ClientVersion> ClientVersion::Parse(absl::string_view text) {
  return ConsumeVersion(text);
}

absl::StatusOr<VersionCondition> VersionCondition::Compile(absl::string_view text) {
  // The longer spelling comes before its prefix.
  constexpr std::pair<absl::string_view, Operator> kOperators[] = {
      {"==", Operator::kEqual},       {"!=", Operator::kNotEqual},
      {"<=", Operator::kLessOrEqual}, {">=", Operator::kGreaterOrEqual},
      {"<", Operator::kLess},         {">", Operator::kGreater},
      {"=", Operator::kEqual}};
  VersionCondition condition;
  for (absl::string_view part : absl::StrSplit(text, ',')) {
    part = absl::StripAsciiWhitespace(part);
    Operator op = Operator::kEqual;
    for (const auto& [spelling, meaning] : kOperators) {
      if (!absl::ConsumePrefix(&part, spelling)) continue;
      op = meaning;
      break;
    }
    part = absl::StripLeadingAsciiWhitespace(part);
    const std::optional<ClientVersion> version = ConsumeVersion(part);
    if (!version.has_value() || !part.empty()) {
      return absl::InvalidArgumentError(
          "expected comparisons of versions, as in '>= 2.6' or '>= 2.5, < 2.7'");
    }
    condition.comparisons_.push_back({op, *version});
  }
  return condition;
}

bool VersionCondition::Holds(const ClientVersion& version) const {
  return std::all_of(comparisons_.begin(), comparisons_.end(), [&](const Comparison& comparison) {
    int order = 0;
    for (size_t i = 0; i < comparison.version.size && order == 0; ++i) {
      const uint32_t left = version.parts[i];
      const uint32_t right = comparison.version.parts[i];
      order = left < right ? -1 : static_cast<int>(left > right);
    }
    switch (comparison.op) {
      case Operator::kEqual:
        return order == 0;
      case Operator::kNotEqual:
        return order != 0;
      case Operator::kLess:
        return order < 0;
      case Operator::kLessOrEqual:
        return order <= 0;
      case Operator::kGreater:
        return order > 0;
      case Operator::kGreaterOrEqual:
        return order >= 0;
    }
    return false;
  });
}

}  // namespace ovpnbroker::policy
