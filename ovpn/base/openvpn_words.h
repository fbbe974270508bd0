// Splits a line into words exactly as OpenVPN does (parse_line in options.c): the same for lines of
// configuration files, client-auth bodies, pushed options and management commands. What OpenVPN
// drops without a word is told, and it is for the caller to allow it. Pure; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace ovpnbroker::ovpn {

inline constexpr size_t kMaxOpenvpnWords = 16;       // MAX_PARMS: the rest of the line is dropped
inline constexpr size_t kMaxOpenvpnWordBytes = 256;  // OPTION_PARM_SIZE: a longer one is refused

struct OpenvpnLine {
  std::vector<std::string> words;  // none for a blank line or a comment
  // Part of the line: what follows the last word that counts, or a backslash that ends the line
  // between words. Empty when nothing but blanks or a comment is dropped.
  absl::string_view dropped;
};

// `line` holds no NUL and ends with its newline if it has one. INVALID_ARGUMENT where OpenVPN
// refuses the line: unbalanced quotes, a backslash before anything but a blank, `"` or `\`, a word
// that is too long.
absl::StatusOr<OpenvpnLine> SplitOpenvpnLine(absl::string_view line);

}  // namespace ovpnbroker::ovpn
