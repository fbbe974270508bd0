// Filters of ListSessions, built from command line options.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace ovpnbroker::ctl {

// `field = "value"`, with everything in `value` taken literally.
std::string ExactTerm(absl::string_view field, absl::string_view value);
// `field = "pattern"`, where `*` and `?` in `pattern` are wildcards.
std::string PatternTerm(absl::string_view field, absl::string_view pattern);
// The sessions that have not ended.
std::string LiveTerm();
std::string JoinTerms(const std::vector<std::string>& terms);

}  // namespace ovpnbroker::ctl
