#include "ovpn/process/config_words.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace ovpnbroker::ovpn {
namespace {

// OpenVPN takes the terminating NUL for a blank, too.
bool IsBlank(char byte) {
  return byte == '\0' || absl::ascii_isspace(static_cast<unsigned char>(byte));
}

}  // namespace

absl::StatusOr<std::vector<std::string>> SplitConfigLine(absl::string_view line) {
  constexpr char kBetweenWords = '\0';
  constexpr char kBare = ' ';
  char state = kBetweenWords;  // or kBare, or the quote that the word stands in
  bool escaped = false;
  std::string word;
  std::vector<std::string> words;

  for (size_t i = 0; i <= line.size() && words.size() < kMaxConfigWords; ++i) {
    const char byte = i < line.size() ? line[i] : '\0';
    if (!escaped && byte == '\\' && state != '\'') {
      escaped = true;
      continue;
    }
    const bool literal = std::exchange(escaped, false);
    if (state == kBetweenWords) {
      if (IsBlank(byte)) continue;
      if (byte == '#' || byte == ';') return words;  // the rest is a comment
      if (!literal && (byte == '"' || byte == '\'')) {
        state = byte;
        continue;
      }
      state = kBare;
    } else {
      // A backslash hides the end of a word from all but single quotes, which know no backslash.
      const bool ends = state == kBare ? !literal && IsBlank(byte) : !literal && byte == state;
      if (ends) {
        words.push_back(std::exchange(word, {}));
        state = kBetweenWords;
        continue;
      }
    }
    if (byte == '\0') break;  // the line ends inside the word
    if (literal && byte != '\\' && byte != '"' && !IsBlank(byte)) {
      return absl::InvalidArgumentError("a backslash may only stand before a blank, \" or \\");
    }
    if (word.size() == kMaxConfigWordBytes) {
      return absl::InvalidArgumentError(
          absl::StrCat("a word has more than ", kMaxConfigWordBytes, " bytes"));
    }
    word.push_back(byte);
  }
  if (state == kBetweenWords) return words;
  if (state == kBare) return absl::InvalidArgumentError("a backslash ends the line");
  return absl::InvalidArgumentError(absl::StrCat("no closing quote (", std::string(1, state), ")"));
}

}  // namespace ovpnbroker::ovpn
