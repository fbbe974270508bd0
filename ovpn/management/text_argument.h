// Free text as one argument of a management command or option line: what OpenVPN would misread is
// refused, the rest is quoted. Text that the broker makes itself from foreign parts (an error of a
// library, a client's name) is cleaned instead. Pure functions; any thread.
#pragma once

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "ovpn/base/openvpn_words.h"

namespace ovpnbroker::ovpn {

// One argument after unquoting.
inline constexpr size_t kMaxArgumentBytes = kMaxOpenvpnWordBytes;
// One command line, LF included. OpenVPN reads 256 bytes at a time into 1024: up to this length a
// line fits wherever the reads fall; beyond, it may be cut and its tail run as another command.
inline constexpr size_t kMaxCommandLineBytes = 769;

// True for the bytes that OpenVPN deletes or ends lines at: below 0x20, and 0x7f. Bytes from 0x80
// up pass unchanged.
bool IsControlByte(char byte);

// INVALID_ARGUMENT when `text` has control bytes or more than `max_bytes`; the message says which
// and never repeats the text.
absl::Status CheckText(absl::string_view text, size_t max_bytes = kMaxArgumentBytes);

// `text` in double quotes, with `"` and `\` escaped: one argument, whatever is in it. `text` has
// passed CheckText.
std::string QuoteArgument(absl::string_view text);
// The same, behind what `line` holds.
void AppendQuoted(absl::string_view text, std::string& line);

// `text` made to pass CheckText: each control byte becomes `?`, and what exceeds `max_bytes` is cut
// off, at the start of a UTF-8 character where there is one.
std::string CleanText(absl::string_view text, size_t max_bytes = kMaxArgumentBytes);

}  // namespace ovpnbroker::ovpn
