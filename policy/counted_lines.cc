#include "policy/counted_lines.h"

#include <chrono>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace ovpnbroker::policy {
namespace {

constexpr absl::string_view kLastLine = "end ";

absl::Status Wrong(size_t line, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("line ", line, ": ", what));
}

}  // namespace

std::string FormatCountedLines(absl::string_view first_line, absl::string_view lines,
                               size_t count) {
  return absl::StrCat(first_line, "\n", lines, kLastLine, count, "\n");
}

absl::Status ParseCountedLines(absl::string_view text, absl::string_view first_line,
                               absl::string_view complaint,
                               const std::function<bool(absl::string_view line)>& take) {
  if (!absl::ConsumeSuffix(&text, "\n")) return absl::InvalidArgumentError("the end is missing");
  size_t number = 0;
  size_t count = 0;
  bool ended = false;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    if (ended) return Wrong(number, "text behind the end");
    if (number == 1) {
      if (line != first_line) return Wrong(number, absl::StrCat("is not \"", first_line, "\""));
    } else if (absl::ConsumePrefix(&line, kLastLine)) {
      if (line != absl::StrCat(count)) return Wrong(number, "the count is another");
      ended = true;
    } else {
      if (!take(line)) return Wrong(number, complaint);
      ++count;
    }
  }
  return ended ? absl::OkStatus() : absl::InvalidArgumentError("the end is missing");
}

std::string FormatText(absl::string_view text) { return absl::CHexEscape(text); }

std::optional<std::string> ReadText(absl::string_view word) {
  std::string text;
  if (!absl::CUnescape(word, &text) || FormatText(text) != word) return std::nullopt;
  return text;
}

int64_t ToSeconds(ovpn::WallTime time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

std::optional<ovpn::WallTime> ReadSeconds(absl::string_view word) {
  // Far beyond any clock, and far from overflow.
  constexpr int64_t kLatest = 4'000'000'000;
  int64_t seconds = 0;
  if (!absl::SimpleAtoi(word, &seconds) || seconds < 0 || seconds > kLatest) return std::nullopt;
  return ovpn::WallTime(std::chrono::seconds(seconds));
}

}  // namespace ovpnbroker::policy
