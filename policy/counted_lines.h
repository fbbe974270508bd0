// The frame of the broker's state files: a first line that names the format, a line for each thing,
// and a last line that counts them, so that a part of a file is told from the whole. Pure
// functions; any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ovpn/base/clock.h"
#include "ovpn/base/status_macros.h"

namespace ovpnbroker::policy {

// `lines`: `count` of them, each with its LF.
std::string FormatCountedLines(absl::string_view first_line, absl::string_view lines, size_t count);
// Calls `take` with each line. INVALID_ARGUMENT with the line's number for anything that
// FormatCountedLines does not make, and with `complaint` for a line that `take` does not want.
absl::Status ParseCountedLines(absl::string_view text, absl::string_view first_line,
                               absl::string_view complaint,
                               const std::function<bool(absl::string_view line)>& take);

// The things that `read_line` makes of the lines; a line that it makes nullopt of is not wanted.
template <typename Thing>
absl::StatusOr<std::vector<Thing>> ReadCountedLines(
    absl::string_view text, absl::string_view first_line, absl::string_view complaint,
    std::optional<Thing> (*read_line)(absl::string_view line)) {
  std::vector<Thing> things;
  RETURN_IF_ERROR(ParseCountedLines(text, first_line, complaint, [&](absl::string_view line) {
    std::optional<Thing> thing = read_line(line);
    if (!thing.has_value()) return false;
    things.push_back(*std::move(thing));
    return true;
  }));
  return things;
}

// Text as a word of a line. ReadText wants it as FormatText made it: there is one way to write each
// text, and none looks like another line of the frame.
std::string FormatText(absl::string_view text);
std::optional<std::string> ReadText(absl::string_view word);

// Times as words of a line: whole seconds since 1970, up to the year 2096.
int64_t ToSeconds(ovpn::WallTime time);
std::optional<ovpn::WallTime> ReadSeconds(absl::string_view word);

}  // namespace ovpnbroker::policy
