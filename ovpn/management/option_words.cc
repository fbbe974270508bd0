#include "ovpn/management/option_words.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "ovpn/base/status_macros.h"
#include "ovpn/management/text_argument.h"

namespace ovpnbroker::ovpn {
namespace {

// C's isspace() in the "C" locale, which OpenVPN runs in.
bool IsBlank(char byte) { return absl::ascii_isspace(static_cast<unsigned char>(byte)); }

bool NeedsNoEscape(char byte) {
  return absl::ascii_isalnum(static_cast<unsigned char>(byte)) ||
         absl::string_view("-_.:/@+=!%,").find(byte) != absl::string_view::npos;
}

// The states of OpenVPN's parse_line, one byte at a time.
class WordSplitter {
 public:
  absl::Status Add(char byte) {
    // Single quotes know no escapes.
    if (!escaped_ && byte == '\\' && state_ != State::kSingleQuoted) {
      escaped_ = true;
      return absl::OkStatus();
    }
    const bool escaped = std::exchange(escaped_, false);
    switch (state_) {
      case State::kBetweenWords:
        return Begin(byte, escaped);
      case State::kBare:
        if (!escaped && IsBlank(byte)) return EndWord();
        return Append(byte, escaped);
      case State::kDoubleQuoted:
        if (!escaped && byte == '"') return EndWord();
        return Append(byte, escaped);
      case State::kSingleQuoted:
        if (byte == '\'') return EndWord();
        return Append(byte, false);
    }
    return absl::OkStatus();
  }

  // A `#` or `;` where a word would begin: the rest of the line is a comment.
  bool in_comment() const { return in_comment_; }

  absl::StatusOr<std::vector<std::string>> Finish() {
    switch (state_) {
      case State::kDoubleQuoted:
        return absl::InvalidArgumentError("no closing double quote");
      case State::kSingleQuoted:
        return absl::InvalidArgumentError("no closing single quote");
      case State::kBare:
        RETURN_IF_ERROR(EndWord());
        break;
      case State::kBetweenWords:
        break;
    }
    // OpenVPN fails a line that ends so inside a word and drops the backslash between words.
    if (escaped_) return absl::InvalidArgumentError("backslash at the end of the line");
    return std::move(words_);
  }

 private:
  enum class State { kBetweenWords, kBare, kDoubleQuoted, kSingleQuoted };

  absl::Status Begin(char byte, bool escaped) {
    if (IsBlank(byte)) return absl::OkStatus();
    if (byte == '#' || byte == ';') {
      in_comment_ = true;
      return absl::OkStatus();
    }
    if (!escaped && byte == '"') {
      state_ = State::kDoubleQuoted;
      return absl::OkStatus();
    }
    if (!escaped && byte == '\'') {
      state_ = State::kSingleQuoted;
      return absl::OkStatus();
    }
    state_ = State::kBare;
    return Append(byte, escaped);
  }

  absl::Status Append(char byte, bool escaped) {
    if (escaped && byte != '\\' && byte != '"' && !IsBlank(byte)) {
      return absl::InvalidArgumentError("a backslash may only stand before a blank, \" or \\");
    }
    if (word_.size() == kMaxArgumentBytes) {
      return absl::InvalidArgumentError(
          absl::StrCat("a word has more than ", kMaxArgumentBytes, " bytes"));
    }
    word_.push_back(byte);
    return absl::OkStatus();
  }

  absl::Status EndWord() {
    if (words_.size() == kMaxOptionWords) {
      return absl::InvalidArgumentError(absl::StrCat("more than ", kMaxOptionWords, " words"));
    }
    words_.push_back(std::exchange(word_, std::string()));
    state_ = State::kBetweenWords;
    return absl::OkStatus();
  }

  State state_ = State::kBetweenWords;
  bool escaped_ = false;
  bool in_comment_ = false;
  std::string word_;
  std::vector<std::string> words_;
};

}  // namespace

absl::StatusOr<std::vector<std::string>> SplitOptionLine(absl::string_view line) {
  WordSplitter splitter;
  for (const char byte : line) {
    if (byte == '\0') return absl::InvalidArgumentError("NUL in the line");
    RETURN_IF_ERROR(splitter.Add(byte));
    if (splitter.in_comment()) break;
  }
  return splitter.Finish();
}

absl::string_view OptionName(absl::string_view first_word) {
  const bool has_dashes = first_word.size() >= 3 && absl::StartsWith(first_word, "--");
  return has_dashes ? first_word.substr(2) : first_word;
}

bool IsOptionName(absl::string_view name) {
  const auto is_name_byte = [](char byte) {
    return absl::ascii_isalnum(static_cast<unsigned char>(byte)) || byte == '-';
  };
  return !name.empty() && name.front() != '-' && name.back() != '-' &&
         std::all_of(name.begin(), name.end(), is_name_byte);
}

std::string JoinOptionWords(absl::Span<const std::string> words) {
  return absl::StrJoin(words, " ", [](std::string* line, const std::string& word) {
    const bool bare = !word.empty() && std::all_of(word.begin(), word.end(), NeedsNoEscape);
    absl::StrAppend(line, bare ? word : QuoteArgument(word));
  });
}

}  // namespace ovpnbroker::ovpn
