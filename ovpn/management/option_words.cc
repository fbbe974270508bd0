#include "ovpn/management/option_words.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "ovpn/base/openvpn_words.h"
#include "ovpn/base/status_macros.h"
#include "ovpn/management/text_argument.h"

namespace ovpnbroker::ovpn {
namespace {

// What a word takes in a line besides its own bytes, escapes apart.
constexpr size_t kSpaceAndQuotes = 3;

// By byte.
constexpr std::array<bool, 256> kNeedsNoEscape = [] {
  std::array<bool, 256> table{};
  for (const char byte : std::string_view("0123456789abcdefghijklmnopqrstuvwxyz"
                                          "ABCDEFGHIJKLMNOPQRSTUVWXYZ-_.:/@+=!%,")) {
    table[static_cast<unsigned char>(byte)] = true;
  }
  return table;
}();

bool IsPlainWord(absl::string_view word) {
  return !word.empty() && std::all_of(word.begin(), word.end(), [](char byte) {
    return kNeedsNoEscape[static_cast<unsigned char>(byte)];
  });
}

}  // namespace

absl::StatusOr<std::vector<std::string>> SplitOptionLine(absl::string_view line) {
  if (line.find('\0') != absl::string_view::npos) {
    return absl::InvalidArgumentError("NUL in the line");
  }
  ASSIGN_OR_RETURN(OpenvpnLine split, SplitOpenvpnLine(line));
  if (split.dropped.empty()) return std::move(split.words);
  if (split.words.size() < kMaxOpenvpnWords) {
    return absl::InvalidArgumentError("backslash at the end of the line");
  }
  return absl::InvalidArgumentError(absl::StrCat("more than ", kMaxOpenvpnWords, " words"));
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

std::string JoinOptionWords(absl::Span<const absl::string_view> words) {
  size_t size = 0;
  for (const absl::string_view word : words) size += word.size() + kSpaceAndQuotes;
  std::string line;
  line.reserve(size);
  for (size_t i = 0; i < words.size(); ++i) {
    const absl::string_view word = words[i];
    if (i > 0) line.push_back(' ');
    if (IsPlainWord(word)) {
      line.append(word.data(), word.size());
    } else {
      AppendQuoted(word, line);
    }
  }
  return line;
}

std::string JoinPlainWords(absl::string_view begin, absl::Span<const absl::string_view> words,
                           absl::string_view end) {
  assert(!words.empty() && std::all_of(words.begin(), words.end(), IsPlainWord));
  size_t size = begin.size() + words.size() - 1 + end.size();
  for (const absl::string_view word : words) size += word.size();
  std::string line(size, ' ');  // so the blanks are where they belong
  char* at = std::copy(begin.begin(), begin.end(), line.data());
  for (const absl::string_view word : words) at = std::copy(word.begin(), word.end(), at) + 1;
  std::copy(end.begin(), end.end(), at - 1);
  return line;
}

}  // namespace ovpnbroker::ovpn
