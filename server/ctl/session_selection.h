// Filters and orders of ListSessions, built from command line options.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace ovpnbroker::ctl {

// `field = "value"`, with everything in `value` taken literally.
std::string ExactTerm(absl::string_view field, absl::string_view value);
// `field = "pattern"`, where `*` and `?` in `pattern` are wildcards.
std::string PatternTerm(absl::string_view field, absl::string_view pattern);
// PatternTerm of each field with a pattern; a field without one says nothing.
struct FieldPattern {
  absl::string_view field;
  std::string pattern;
};
std::vector<std::string> PatternTerms(const std::vector<FieldPattern>& patterns);
// What ListSessions sorts by.
inline constexpr std::array<const char*, 9> kSessionOrders = {
    "uid",          "common_name", "username",       "instance",  "state",
    "real_address", "create_time", "received_bytes", "sent_bytes"};
// The sessions that have not ended.
std::string LiveTerm();
std::string JoinTerms(const std::vector<std::string>& terms);

}  // namespace ovpnbroker::ctl
