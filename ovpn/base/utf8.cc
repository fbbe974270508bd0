#include "ovpn/base/utf8.h"

#include <cstdint>
#include <cstring>

namespace ovpnbroker::ovpn {
namespace {

constexpr absl::string_view kReplacementCharacter = "\xEF\xBF\xBD";

// Length of the character at the start of `bytes`, which is not empty; 0 when there is none.
size_t CharacterSize(absl::string_view bytes) {
  const auto byte = [bytes](size_t i) { return static_cast<uint8_t>(bytes[i]); };
  const uint8_t first = byte(0);
  if (first < 0x80) return 1;
  const size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || bytes.size() < size) return 0;
  // The second byte's range excludes overlong forms, surrogates and what lies above U+10FFFF.
  const uint8_t low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
  const uint8_t high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
  if (byte(1) < low || byte(1) > high) return 0;
  for (size_t i = 2; i < size; ++i) {
    if ((byte(i) & 0xc0U) != 0x80U) return 0;
  }
  return size;
}

// Length of the longest prefix of ASCII characters, eight at a time: most text is nothing else.
size_t AsciiPrefix(absl::string_view bytes) {
  constexpr size_t kWordBytes = sizeof(uint64_t);
  const auto is_ascii_word = [bytes](size_t begin) {
    constexpr uint64_t kHighBits = 0x8080808080808080;
    uint64_t word;
    std::memcpy(&word, bytes.data() + begin, kWordBytes);
    return (word & kHighBits) == 0;
  };
  size_t size = 0;
  while (size + kWordBytes <= bytes.size() && is_ascii_word(size)) size += kWordBytes;
  // The last word overlaps the one before it.
  const bool less_than_a_word_left = bytes.size() - size < kWordBytes;
  if (less_than_a_word_left && size > 0 && is_ascii_word(bytes.size() - kWordBytes)) {
    return bytes.size();
  }
  while (size < bytes.size() && static_cast<uint8_t>(bytes[size]) < 0x80) ++size;
  return size;
}

}  // namespace

size_t ValidUtf8Prefix(absl::string_view bytes) {
  size_t valid = AsciiPrefix(bytes);
  while (valid < bytes.size()) {
    const size_t size = CharacterSize(bytes.substr(valid));
    if (size == 0) break;
    valid += size;
  }
  return valid;
}

std::string ReplaceInvalidUtf8(absl::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  while (!bytes.empty()) {
    const size_t valid = ValidUtf8Prefix(bytes);
    text.append(bytes.data(), valid);
    bytes.remove_prefix(valid);
    if (bytes.empty()) break;
    text.append(kReplacementCharacter.data(), kReplacementCharacter.size());
    bytes.remove_prefix(1);
  }
  return text;
}

}  // namespace ovpnbroker::ovpn
