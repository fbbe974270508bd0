#include "server/ctl/escape.h"

#include <wchar.h>

#include <cstdint>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "ovpn/base/utf8.h"

namespace ovpnbroker::ctl {
namespace {

// The first character of `bytes`, which is not empty, and its size; size 0 when it is not UTF-8.
std::pair<char32_t, size_t> FirstCharacter(absl::string_view bytes) {
  const auto first = static_cast<uint8_t>(bytes[0]);
  const size_t size = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (ovpn::ValidUtf8Prefix(bytes.substr(0, size)) != size) return {0, 0};
  if (size == 1) return {first, 1};
  char32_t character = first & (0x7fU >> size);
  for (size_t i = 1; i < size; ++i) {
    character = (character << 6U) | (static_cast<uint8_t>(bytes[i]) & 0x3fU);
  }
  return {character, size};
}

// Columns; -1 for what must not reach a terminal.
int Columns(char32_t character) {
  // Invisible characters that join, split or turn the text around them.
  const bool is_format = (character >= 0x200b && character <= 0x200f) ||
                         (character >= 0x2028 && character <= 0x202e) ||
                         (character >= 0x2060 && character <= 0x206f) || character == 0xfeff ||
                         character == 0xad;
  if (is_format) return -1;
  return wcwidth(static_cast<wchar_t>(character));
}

}  // namespace

std::string Escape(absl::string_view text) {
  std::string escaped;
  while (!text.empty()) {
    const auto [character, size] = FirstCharacter(text);
    const bool is_byte = size == 0 || character < 0x20 || character == 0x7f;
    if (is_byte) {
      absl::StrAppend(&escaped, "\\x", absl::Hex(static_cast<uint8_t>(text[0]), absl::kZeroPad2));
    } else if (Columns(character) < 0) {
      absl::StrAppend(&escaped, "\\u{", absl::Hex(static_cast<uint32_t>(character)), "}");
    } else {
      escaped.append(text.data(), size);
    }
    text.remove_prefix(is_byte ? 1 : size);
  }
  return escaped;
}

std::string EscapeLines(absl::string_view text) {
  std::vector<std::string> lines;
  for (const absl::string_view line : absl::StrSplit(absl::StripSuffix(text, "\n"), '\n')) {
    lines.push_back(Escape(line));
  }
  return absl::StrJoin(lines, "\n  ");
}

size_t DisplayWidth(absl::string_view escaped) {
  size_t width = 0;
  while (!escaped.empty()) {
    const auto [character, size] = FirstCharacter(escaped);
    const int columns = size == 0 ? 1 : Columns(character);
    if (columns > 0) width += static_cast<size_t>(columns);
    escaped.remove_prefix(size == 0 ? 1 : size);
  }
  return width;
}

}  // namespace ovpnbroker::ctl
