#include "policy/stream/utf8.h"

#include <cstddef>
#include <cstdint>

namespace ovpnbroker::policy {
namespace {

constexpr absl::string_view kReplacement = "\xEF\xBF\xBD";

uint8_t ByteAt(absl::string_view bytes, size_t index) { return static_cast<uint8_t>(bytes[index]); }

// The length of the well-formed sequence that `bytes` starts with; 0 when there is none.
size_t SequenceLength(absl::string_view bytes) {
  const uint8_t first = ByteAt(bytes, 0);
  if (first < 0x80) return 1;
  // The second byte's range excludes overlong forms, surrogates and what is beyond U+10FFFF.
  size_t length = 0;
  uint8_t second_low = 0x80;
  uint8_t second_high = 0xBF;
  if (first >= 0xC2 && first <= 0xDF) {
    length = 2;
  } else if (first >= 0xE0 && first <= 0xEF) {
    length = 3;
    if (first == 0xE0) second_low = 0xA0;
    if (first == 0xED) second_high = 0x9F;
  } else if (first >= 0xF0 && first <= 0xF4) {
    length = 4;
    if (first == 0xF0) second_low = 0x90;
    if (first == 0xF4) second_high = 0x8F;
  } else {
    return 0;
  }
  if (bytes.size() < length) return 0;
  if (ByteAt(bytes, 1) < second_low || ByteAt(bytes, 1) > second_high) return 0;
  for (size_t i = 2; i < length; ++i) {
    if (ByteAt(bytes, i) < 0x80 || ByteAt(bytes, i) > 0xBF) return 0;
  }
  return length;
}

}  // namespace

std::string ToUtf8(absl::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  while (!bytes.empty()) {
    const size_t length = SequenceLength(bytes);
    if (length == 0) {
      text.append(kReplacement.data(), kReplacement.size());
      bytes.remove_prefix(1);
    } else {
      text.append(bytes.data(), length);
      bytes.remove_prefix(length);
    }
  }
  return text;
}

}  // namespace ovpnbroker::policy
