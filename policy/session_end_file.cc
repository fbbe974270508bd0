#include "policy/session_end_file.h"

#include <optional>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "policy/counted_lines.h"

namespace ovpnbroker::policy {
namespace {

constexpr absl::string_view kFirstLine = "ovpn-broker session ends 1";

std::optional<SessionEnd> ReadLine(absl::string_view line) {
  const std::vector<absl::string_view> words = absl::StrSplit(line, '\t');
  if (words.size() != 4) return std::nullopt;
  SessionEnd end;
  const std::optional<ovpn::WallTime> create_time = ReadSeconds(words[2]);
  const std::optional<ovpn::WallTime> end_time = ReadSeconds(words[3]);
  std::optional<std::string> instance = ReadText(words[0]);
  if (!instance.has_value() || !absl::SimpleAtoi(words[1], &end.cid.value) ||
      !create_time.has_value() || !end_time.has_value()) {
    return std::nullopt;
  }
  end.instance = *std::move(instance);
  end.create_time = *create_time;
  end.end_time = *end_time;
  return end;
}

}  // namespace

std::string FormatSessionEnds(const std::vector<SessionEnd>& ends) {
  std::string lines;
  for (const SessionEnd& end : ends) {
    absl::StrAppend(&lines, FormatText(end.instance), "\t", end.cid.value, "\t",
                    ToSeconds(end.create_time), "\t", ToSeconds(end.end_time), "\n");
  }
  return FormatCountedLines(kFirstLine, lines, ends.size());
}

absl::StatusOr<std::vector<SessionEnd>> ParseSessionEnds(absl::string_view text) {
  return ReadCountedLines(text, kFirstLine, "is not the end of a session", ReadLine);
}

}  // namespace ovpnbroker::policy
