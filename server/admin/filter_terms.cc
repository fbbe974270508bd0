#include "server/admin/filter_terms.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "ovpn/base/status_macros.h"
#include "ovpn/base/suggest.h"

namespace ovpnbroker::server {
namespace {

bool IsBareCharacter(char c) {
  return absl::ascii_isgraph(static_cast<unsigned char>(c)) && c != '"' && c != '\\';
}

// One pass over the text; `rest_` is what is left.
class FilterParser {
 public:
  FilterParser(absl::string_view text, absl::Span<const FilterField> fields)
      : text_(text), rest_(text), fields_(fields) {}

  absl::StatusOr<std::vector<FilterTerm>> Parse() {
    std::vector<FilterTerm> terms;
    SkipBlanks();
    if (rest_.empty()) return terms;
    while (true) {
      ASSIGN_OR_RETURN(FilterTerm term, ParseTerm());
      terms.push_back(std::move(term));
      SkipBlanks();
      if (rest_.empty()) return terms;
      if (ReadWord() != "AND") return Error("expected AND");
    }
  }

 private:
  absl::StatusOr<FilterTerm> ParseTerm() {
    SkipBlanks();
    const absl::string_view name = ReadWord();
    const auto field =
        std::find_if(fields_.begin(), fields_.end(),
                     [name](const FilterField& known) { return known.name == name; });
    if (field == fields_.end()) return UnknownField(name);
    SkipBlanks();
    const bool negated = absl::ConsumePrefix(&rest_, "!=");
    if (!negated && !absl::ConsumePrefix(&rest_, "=")) return Error("expected = or !=");
    SkipBlanks();
    ASSIGN_OR_RETURN(const absl::string_view value, ParseValue());
    ASSIGN_OR_RETURN(policy::Glob pattern, policy::Glob::Compile(value));
    if (!field->values.empty()) RETURN_IF_ERROR(CheckValues(*field, pattern, value));
    return FilterTerm{static_cast<size_t>(field - fields_.begin()), negated, std::move(pattern)};
  }

  // The value as a pattern: what stands between the quotes is the pattern's own syntax, in which a
  // backslash takes the next byte as it is, so a quote inside needs nothing else.
  absl::StatusOr<absl::string_view> ParseValue() {
    const bool quoted = absl::ConsumePrefix(&rest_, "\"");
    size_t size = 0;
    while (size < rest_.size() && (quoted ? rest_[size] != '"' : IsBareCharacter(rest_[size]))) {
      size += quoted && rest_[size] == '\\' ? 2 : 1;
    }
    if (!quoted && size == 0) return Error("expected a value");
    if (quoted && size >= rest_.size()) return Error("the quote is not closed");
    const absl::string_view value = rest_.substr(0, size);
    rest_.remove_prefix(quoted ? size + 1 : size);
    return value;
  }

  absl::Status CheckValues(const FilterField& field, const policy::Glob& pattern,
                           absl::string_view value) const {
    if (std::any_of(field.values.begin(), field.values.end(),
                    [&pattern](absl::string_view known) { return pattern.Matches(known); })) {
      return absl::OkStatus();
    }
    return Error(absl::StrCat("no ", field.name, " matches \"", value,
                              "\" (one of: ", absl::StrJoin(field.values, ", "), ")"));
  }

  absl::Status UnknownField(absl::string_view name) const {
    std::vector<absl::string_view> known;
    known.reserve(fields_.size());
    for (const FilterField& field : fields_) known.push_back(field.name);
    return Error(absl::StrCat("unknown field \"", name, "\" (one of: ", absl::StrJoin(known, ", "),
                              ")", ovpn::DidYouMean(name, known)));
  }

  absl::Status Error(absl::string_view what) const {
    return absl::InvalidArgumentError(
        absl::StrCat("at offset ", text_.size() - rest_.size(), ": ", what));
  }

  char Take() {
    const char c = rest_.front();
    rest_.remove_prefix(1);
    return c;
  }

  void SkipBlanks() { rest_ = absl::StripLeadingAsciiWhitespace(rest_); }

  absl::string_view ReadWord() {
    size_t size = 0;
    while (size < rest_.size() &&
           (absl::ascii_isalpha(static_cast<unsigned char>(rest_[size])) || rest_[size] == '_')) {
      ++size;
    }
    const absl::string_view word = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return word;
  }

  absl::string_view text_;
  absl::string_view rest_;
  const absl::Span<const FilterField> fields_;
};

}  // namespace

absl::StatusOr<std::vector<FilterTerm>> ParseFilter(absl::string_view text,
                                                    absl::Span<const FilterField> fields) {
  if (text.size() > kMaxFilterSize) {
    return absl::InvalidArgumentError(absl::StrCat("is longer than ", kMaxFilterSize, " bytes"));
  }
  return FilterParser(text, fields).Parse();
}

}  // namespace ovpnbroker::server
