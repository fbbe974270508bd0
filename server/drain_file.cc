#include "server/drain_file.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "policy/counted_lines.h"

namespace ovpnbroker::server {
namespace {

constexpr absl::string_view kFirstLine = "ovpn-broker drains 1";
// In the place of a time.
constexpr absl::string_view kNever = "-";

std::optional<KeptDrain> ReadLine(absl::string_view line) {
  const std::vector<absl::string_view> words = absl::StrSplit(line, '\t');
  if (words.size() != 4) return std::nullopt;
  std::optional<std::string> instance = policy::ReadText(words[0]);
  const std::optional<ovpn::WallTime> start_time = policy::ReadSeconds(words[1]);
  std::optional<std::string> reason = policy::ReadText(words[3]);
  if (!instance.has_value() || instance->empty() || !start_time.has_value() ||
      !reason.has_value()) {
    return std::nullopt;
  }
  KeptDrain drain{*std::move(instance), *std::move(reason), *start_time};
  if (words[2] != kNever) {
    drain.end_time = policy::ReadSeconds(words[2]);
    if (!drain.end_time.has_value()) return std::nullopt;
  }
  return drain;
}

}  // namespace

std::string FormatDrains(const std::vector<KeptDrain>& drains) {
  std::string lines;
  for (const KeptDrain& drain : drains) {
    absl::StrAppend(&lines, policy::FormatText(drain.instance), "\t",
                    policy::ToSeconds(drain.start_time), "\t");
    if (drain.end_time.has_value()) {
      absl::StrAppend(&lines, policy::ToSeconds(*drain.end_time));
    } else {
      absl::StrAppend(&lines, kNever);
    }
    absl::StrAppend(&lines, "\t", policy::FormatText(drain.reason), "\n");
  }
  return policy::FormatCountedLines(kFirstLine, lines, drains.size());
}

absl::StatusOr<std::vector<KeptDrain>> ParseDrains(absl::string_view text) {
  return policy::ReadCountedLines(text, kFirstLine, "is not a drain", ReadLine);
}

}  // namespace ovpnbroker::server
