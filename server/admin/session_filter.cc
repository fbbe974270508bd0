#include "server/admin/session_filter.h"

#include <algorithm>
#include <array>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "ovpn/base/status_macros.h"
#include "ovpn/base/suggest.h"

namespace ovpnbroker::server {
namespace {

struct Field {
  absl::string_view name;
  absl::string_view (*get)(const ovpn::Session&);
};

using ovpn::Session;

constexpr absl::string_view kStateField = "state";

constexpr std::array<Field, 6> kFields = {{
    {kStateField, [](const Session& s) { return ovpn::ToString(s.state); }},
    {"instance", [](const Session& s) { return absl::string_view(s.client.instance); }},
    {"common_name", [](const Session& s) { return absl::string_view(s.identity.common_name); }},
    {"username", [](const Session& s) { return absl::string_view(s.identity.username); }},
    {"real_address", [](const Session& s) { return absl::string_view(s.identity.real_address); }},
    {"policy", [](const Session& s) { return absl::string_view(s.policy); }},
}};

constexpr std::array<ovpn::SessionState, 7> kStates = {
    ovpn::SessionState::kPending,    ovpn::SessionState::kPendingAuth,
    ovpn::SessionState::kAuthorized, ovpn::SessionState::kEstablished,
    ovpn::SessionState::kEnding,     ovpn::SessionState::kEnded,
    ovpn::SessionState::kUnjudged};

bool IsBareCharacter(char c) {
  return absl::ascii_isgraph(static_cast<unsigned char>(c)) && c != '"' && c != '\\';
}

}  // namespace

// One pass over the text; `rest_` is what is left.
class SessionFilterParser {
 public:
  explicit SessionFilterParser(absl::string_view text) : text_(text), rest_(text) {}

  absl::StatusOr<SessionFilter> Parse() {
    SessionFilter filter;
    SkipBlanks();
    if (rest_.empty()) return filter;
    while (true) {
      ASSIGN_OR_RETURN(SessionFilter::Term term, ParseTerm());
      filter.terms_.push_back(std::move(term));
      SkipBlanks();
      if (rest_.empty()) return filter;
      if (ReadWord() != "AND") return Error("expected AND");
    }
  }

 private:
  absl::StatusOr<SessionFilter::Term> ParseTerm() {
    SkipBlanks();
    const absl::string_view name = ReadWord();
    const auto field = std::find_if(kFields.begin(), kFields.end(),
                                    [name](const Field& known) { return known.name == name; });
    if (field == kFields.end()) return UnknownField(name);
    SkipBlanks();
    const bool negated = absl::ConsumePrefix(&rest_, "!=");
    if (!negated && !absl::ConsumePrefix(&rest_, "=")) return Error("expected = or !=");
    SkipBlanks();
    ASSIGN_OR_RETURN(const absl::string_view value, ParseValue());
    ASSIGN_OR_RETURN(policy::Glob pattern, policy::Glob::Compile(value));
    if (field->name == kStateField) RETURN_IF_ERROR(CheckState(pattern, value));
    return SessionFilter::Term{field->get, negated, std::move(pattern)};
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

  absl::Status CheckState(const policy::Glob& pattern, absl::string_view value) const {
    if (std::any_of(kStates.begin(), kStates.end(), [&pattern](ovpn::SessionState state) {
          return pattern.Matches(ovpn::ToString(state));
        })) {
      return absl::OkStatus();
    }
    return Error(absl::StrCat("no state matches \"", value, "\" (one of: ",
                              absl::StrJoin(kStates, ", ",
                                            [](std::string* out, ovpn::SessionState state) {
                                              absl::StrAppend(out, ovpn::ToString(state));
                                            }),
                              ")"));
  }

  absl::Status UnknownField(absl::string_view name) const {
    std::vector<absl::string_view> known;
    known.reserve(kFields.size());
    for (const Field& field : kFields) known.push_back(field.name);
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
};

absl::StatusOr<SessionFilter> SessionFilter::Parse(absl::string_view text) {
  if (text.size() > kMaxSize) {
    return absl::InvalidArgumentError(absl::StrCat("is longer than ", kMaxSize, " bytes"));
  }
  return SessionFilterParser(text).Parse();
}

bool SessionFilter::Matches(const ovpn::Session& session) const {
  return std::all_of(terms_.begin(), terms_.end(), [&session](const Term& term) {
    return term.pattern.Matches(term.get(session)) != term.negated;
  });
}

}  // namespace ovpnbroker::server
