#include "ovpn/management/text_argument.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace ovpnbroker::ovpn {
namespace {

bool IsUtf8Continuation(char byte) { return (static_cast<unsigned char>(byte) & 0xc0) == 0x80; }

constexpr size_t kMaxUtf8Continuations = 3;

}  // namespace

bool IsControlByte(char byte) {
  const auto value = static_cast<unsigned char>(byte);
  return value < 0x20 || value == 0x7f;
}

absl::Status CheckText(absl::string_view text, size_t max_bytes) {
  const auto control = std::find_if(text.begin(), text.end(), IsControlByte);
  if (control != text.end()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "control byte 0x", absl::Hex(static_cast<unsigned char>(*control), absl::kZeroPad2),
        " at offset ", control - text.begin(), "; bytes below 0x20 and 0x7f are refused"));
  }
  if (text.size() > max_bytes) {
    return absl::InvalidArgumentError(
        absl::StrCat(text.size(), " bytes; at most ", max_bytes, " are accepted"));
  }
  return absl::OkStatus();
}

std::string QuoteArgument(absl::string_view text) {
  std::string quoted;
  quoted.reserve(text.size() + 2);
  quoted.push_back('"');
  for (const char byte : text) {
    if (byte == '"' || byte == '\\') quoted.push_back('\\');
    quoted.push_back(byte);
  }
  quoted.push_back('"');
  return quoted;
}

std::string CleanText(absl::string_view text, size_t max_bytes) {
  if (text.size() > max_bytes) {
    size_t end = max_bytes;
    while (end > 0 && max_bytes - end < kMaxUtf8Continuations && IsUtf8Continuation(text[end]))
      --end;
    // Not UTF-8 after all: cut where the limit is.
    text = text.substr(0, IsUtf8Continuation(text[end]) ? max_bytes : end);
  }
  std::string clean(text);
  std::replace_if(clean.begin(), clean.end(), IsControlByte, '?');
  return clean;
}

}  // namespace ovpnbroker::ovpn
