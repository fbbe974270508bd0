#include "server/config/san_pattern.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace ovpnbroker::server {

absl::StatusOr<SanPattern> SanPattern::Parse(absl::string_view text) {
  const absl::string_view whole = text;
  Type type = Type::kUri;
  if (absl::ConsumePrefix(&text, "dns:")) {
    type = Type::kDns;
  } else if (!absl::ConsumePrefix(&text, "uri:")) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", whole, "\" must begin with the type of the name, 'uri:' or 'dns:'"));
  }
  // Without the slash "spiffe://corp/ops*" would let "spiffe://corp/ops-intern/eve" in.
  const bool prefix = type == Type::kUri && absl::EndsWith(text, "/*");
  if (prefix) text.remove_suffix(1);
  if (text.empty() || absl::StrContains(text, '*')) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", whole, "\" must be a whole name, or for a URI end with '/*'"));
  }
  return SanPattern(type, text, prefix);
}

bool SanPattern::Matches(Type type, absl::string_view name) const {
  if (type != type_) return false;
  if (type == Type::kDns) return absl::EqualsIgnoreCase(name, text_);
  return prefix_ ? name.size() > text_.size() && absl::StartsWith(name, text_) : name == text_;
}

}  // namespace ovpnbroker::server
