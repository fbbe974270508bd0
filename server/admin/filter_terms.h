// The filter language of list calls: `instance = "office" AND username = "a*" AND state !=
// "ENDED"`. Parsed once into terms; who owns the items knows what a term's field is. Any thread.
#pragma once

#include <algorithm>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "policy/rules/glob.h"

namespace ovpnbroker::server {

inline constexpr size_t kMaxFilterSize = 1024;

struct FilterField {
  absl::string_view name;
  // All that it can be; empty: any text. A pattern that matches none of them is a mistake.
  std::vector<absl::string_view> values = {};
};

struct FilterTerm {
  size_t field;  // index into the fields
  bool negated;
  policy::Glob pattern;

  bool Matches(absl::string_view value) const { return pattern.Matches(value) != negated; }
};

// True when the item fits all terms; `value_of(i)` is its value of field i.
template <typename ValueOf>
bool MatchesAll(const std::vector<FilterTerm>& terms, ValueOf value_of) {
  return std::all_of(terms.begin(), terms.end(), [&value_of](const FilterTerm& term) {
    return term.Matches(value_of(term.field));
  });
}

// INVALID_ARGUMENT names the offset and what is accepted there. No terms: everything matches.
absl::StatusOr<std::vector<FilterTerm>> ParseFilter(absl::string_view text,
                                                    absl::Span<const FilterField> fields);

}  // namespace ovpnbroker::server
