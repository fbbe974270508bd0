// "Did you mean ...?": the known name that is nearest to a mistyped one. Pure functions; any
// thread.
#pragma once

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace ovpnbroker::ovpn {

// Insertions, deletions, substitutions and swaps of neighbours between `a` and `b`, ignoring ASCII
// case.
size_t EditDistance(absl::string_view a, absl::string_view b);

// The name in `known` that `name` was probably meant to be; nullopt when none is near enough (more
// than a third of the characters differ) or `name` is too long to be a typo.
std::optional<absl::string_view> NearestName(absl::string_view name,
                                             absl::Span<const absl::string_view> known);

// "; did you mean 'push_options'?", or "" without a near name: to append to an error.
std::string DidYouMean(absl::string_view name, absl::Span<const absl::string_view> known);

// "rules.yaml:3:7", the form that editors jump to. Line and column count from 1; a line of 0 means
// the file as a whole, "rules.yaml", and a column of 0 the whole line, "rules.yaml:3".
std::string FormatPlace(absl::string_view file, int line, int column);

}  // namespace ovpnbroker::ovpn
