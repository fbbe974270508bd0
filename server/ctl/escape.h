// Foreign text on a terminal: names that clients chose must not move the cursor, hide other text or
// break a column. Pure but for the process's character type locale (LC_CTYPE).
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace ovpnbroker::ctl {

// `text` with everything that is not a visible character or a space escaped: \xHH for control
// characters and bytes that are not UTF-8, \u{HEX} for characters without a shape of their own
// (direction marks, zero-width joiners).
std::string Escape(absl::string_view text);

// Text of several lines for people: each line escaped, further ones indented below the first.
std::string EscapeLines(absl::string_view text);

// Columns that escaped text takes on a terminal.
size_t DisplayWidth(absl::string_view escaped);

}  // namespace ovpnbroker::ctl
