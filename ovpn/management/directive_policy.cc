#include "ovpn/management/directive_policy.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "ovpn/base/status_macros.h"
#include "ovpn/management/option_words.h"
#include "ovpn/management/text_argument.h"

namespace ovpnbroker::ovpn {
namespace {

constexpr absl::string_view kForbiddenDirectives[] = {"config", "disable", "END"};

// OpenVPN frames long replies with it; a pushed one would end or stall them.
constexpr absl::string_view kPushContinuation = "push-continuation";

bool IsForbidden(absl::string_view option_name) {
  return std::find(std::begin(kForbiddenDirectives), std::end(kForbiddenDirectives), option_name) !=
         std::end(kForbiddenDirectives);
}

// At least one word, none of which could begin an inline file. With dashes before it, `<` is no
// option name either.
absl::StatusOr<std::vector<std::string>> SplitOneOption(absl::string_view line) {
  RETURN_IF_ERROR(CheckText(line));
  ASSIGN_OR_RETURN(std::vector<std::string> words, SplitOptionLine(line));
  if (words.empty()) return absl::InvalidArgumentError("no option in the line");
  for (const std::string& word : words) {
    if (absl::StartsWith(word, "<")) {
      return absl::InvalidArgumentError("a word may not begin with <");
    }
  }
  return words;
}

}  // namespace

absl::StatusOr<DirectivePolicy> DirectivePolicy::Make(const std::vector<std::string>& allowed) {
  DirectivePolicy policy;
  for (const std::string& name : allowed) {
    if (!IsOptionName(name)) {
      return absl::InvalidArgumentError(
          absl::StrCat("`", CleanText(name), "` is not the name of an OpenVPN option"));
    }
    if (IsForbidden(name)) {
      return absl::InvalidArgumentError(absl::StrCat("`", name, "` can never be allowed"));
    }
    policy.allowed_.insert(name);
  }
  return policy;
}

absl::StatusOr<std::vector<std::string>> DirectivePolicy::Admit(absl::string_view line) const {
  ASSIGN_OR_RETURN(std::vector<std::string> words, SplitOneOption(line));
  words.front() = std::string(OptionName(words.front()));
  if (!allowed_.contains(words.front())) {
    return absl::InvalidArgumentError(
        absl::StrCat("directive `", CleanText(words.front()),
                     "` is not on the operator's list of raw directives for this policy"));
  }
  return words;
}

absl::StatusOr<std::vector<std::string>> AdmitPushedOption(absl::string_view line) {
  ASSIGN_OR_RETURN(std::vector<std::string> words, SplitOneOption(line));
  if (!IsOptionName(words.front())) {
    return absl::InvalidArgumentError(
        "the first word is not the name of an option (letters, digits, dashes)");
  }
  if (words.front() == kPushContinuation) {
    return absl::InvalidArgumentError("push-continuation is OpenVPN's own");
  }
  for (const std::string& word : words) {
    if (absl::StrContains(word, ",")) {
      return absl::InvalidArgumentError("a comma would begin another option");
    }
  }
  return words;
}

}  // namespace ovpnbroker::ovpn
