#include "ovpn/types/violation_text.h"

#include "absl/strings/str_cat.h"

namespace ovpnbroker::ovpn {

std::string JoinViolations(const std::vector<FieldViolation>& violations) {
  std::string text;
  for (const FieldViolation& violation : violations) {
    absl::StrAppend(&text, text.empty() ? "" : "; ", violation.field, ": ", violation.description);
  }
  return text;
}

}  // namespace ovpnbroker::ovpn
