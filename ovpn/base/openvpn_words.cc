#include "ovpn/base/openvpn_words.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "ovpn/base/status_macros.h"

namespace ovpnbroker::ovpn {
namespace {

// C's isspace() in the "C" locale, which OpenVPN runs in.
bool IsBlank(char byte) { return absl::ascii_isspace(static_cast<unsigned char>(byte)); }

// Where a word would begin: the rest of the line is a comment.
bool BeginsComment(char byte) { return byte == '#' || byte == ';'; }

// The states of parse_line, one byte at a time.
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

  absl::Status Finish() {
    switch (state_) {
      case State::kDoubleQuoted:
        return absl::InvalidArgumentError("no closing double quote");
      case State::kSingleQuoted:
        return absl::InvalidArgumentError("no closing single quote");
      case State::kBare:
        if (escaped_) return absl::InvalidArgumentError("backslash at the end of the line");
        return EndWord();
      case State::kBetweenWords:
        return absl::OkStatus();
    }
    return absl::OkStatus();
  }

  bool in_comment() const { return in_comment_; }
  bool full() const { return words_.size() == kMaxOpenvpnWords; }
  bool escaped() const { return escaped_; }
  std::vector<std::string> TakeWords() { return std::move(words_); }

 private:
  enum class State { kBetweenWords, kBare, kDoubleQuoted, kSingleQuoted };

  absl::Status Begin(char byte, bool escaped) {
    if (IsBlank(byte)) return absl::OkStatus();
    if (BeginsComment(byte)) {
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
    if (word_.size() == kMaxOpenvpnWordBytes) {
      return absl::InvalidArgumentError(
          absl::StrCat("a word has more than ", kMaxOpenvpnWordBytes, " bytes"));
    }
    word_.push_back(byte);
    return absl::OkStatus();
  }

  absl::Status EndWord() {
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

// What counts of the text after the last word that fits.
absl::string_view DroppedWords(absl::string_view rest) {
  rest = absl::StripLeadingAsciiWhitespace(rest);
  return !rest.empty() && BeginsComment(rest.front()) ? absl::string_view() : rest;
}

}  // namespace

absl::StatusOr<OpenvpnLine> SplitOpenvpnLine(absl::string_view line) {
  WordSplitter splitter;
  size_t read = 0;
  while (read < line.size() && !splitter.full() && !splitter.in_comment()) {
    RETURN_IF_ERROR(splitter.Add(line[read]));
    ++read;
  }
  RETURN_IF_ERROR(splitter.Finish());
  OpenvpnLine result;
  if (splitter.full()) {
    result.dropped = DroppedWords(line.substr(read));
  } else if (splitter.escaped()) {
    result.dropped = line.substr(line.size() - 1);
  }
  result.words = splitter.TakeWords();
  return result;
}

}  // namespace ovpnbroker::ovpn
