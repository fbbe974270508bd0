#include "server/ctl/session_selection.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"

namespace ovpnbroker::ctl {
namespace {

std::string Term(absl::string_view field, absl::string_view value) {
  return absl::StrCat(field, " = \"", value, "\"");
}

}  // namespace

std::string ExactTerm(absl::string_view field, absl::string_view value) {
  return Term(field, absl::StrReplaceAll(
                         value, {{"\\", "\\\\"}, {"\"", "\\\""}, {"*", "\\*"}, {"?", "\\?"}}));
}

std::string PatternTerm(absl::string_view field, absl::string_view pattern) {
  return Term(field, absl::StrReplaceAll(pattern, {{"\\", "\\\\"}, {"\"", "\\\""}}));
}

std::vector<std::string> PatternTerms(const std::vector<FieldPattern>& patterns) {
  std::vector<std::string> terms;
  for (const FieldPattern& each : patterns) {
    if (!each.pattern.empty()) terms.push_back(PatternTerm(each.field, each.pattern));
  }
  return terms;
}

std::string LiveTerm() { return "state != \"ENDED\""; }

std::string JoinTerms(const std::vector<std::string>& terms) {
  return absl::StrJoin(terms, " AND ");
}

}  // namespace ovpnbroker::ctl
