// Option lines that OpenVPN is to read (client-auth bodies, pushed options): splits them into
// words, strictly, since what OpenVPN would silently drop or cut is an error here; and makes lines
// that split into given words. Pure functions; any thread.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace ovpnbroker::ovpn {

// The words of `line`; none for a blank line or a comment. INVALID_ARGUMENT for what
// SplitOpenvpnLine refuses or drops, and for a NUL.
absl::StatusOr<std::vector<std::string>> SplitOptionLine(absl::string_view line);

// The option that a first word names: `--` before it does not count in files and client-auth
// bodies.
absl::string_view OptionName(absl::string_view first_word);

// True when `name` has the form of an OpenVPN option: letters, digits and inner dashes.
bool IsOptionName(absl::string_view name);

// The line that SplitOptionLine splits into `words`; quotes only where they are needed. The words
// hold no control bytes.
std::string JoinOptionWords(absl::Span<const absl::string_view> words);

// The same between `begin` and `end`, for words of which none needs quotes: names of options,
// addresses, numbers. At least one.
std::string JoinPlainWords(absl::string_view begin, absl::Span<const absl::string_view> words,
                           absl::string_view end);

}  // namespace ovpnbroker::ovpn
