#include "ovpn/management/text_argument.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace ovpnbroker::ovpn {
namespace {

bool IsUtf8Continuation(char byte) { return (static_cast<unsigned char>(byte) & 0xc0) == 0x80; }

constexpr size_t kMaxUtf8Continuations = 3;

// Where the first byte is that an argument in quotes must escape; the size when there is none.
size_t FindEscaped(absl::string_view text) {
  const auto found =
      std::find_if(text.begin(), text.end(), [](char byte) { return byte == '"' || byte == '\\'; });
  return static_cast<size_t>(found - text.begin());
}

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
  AppendQuoted(text, quoted);
  return quoted;
}

void AppendQuoted(absl::string_view text, std::string& line) {
  line.push_back('"');
  // What needs no escape goes over in one piece.
  for (size_t end; (end = FindEscaped(text)) < text.size(); text.remove_prefix(end + 1)) {
    line.append(text.data(), end);
    line.push_back('\\');
    line.push_back(text[end]);
  }
  line.append(text.data(), text.size());
  line.push_back('"');
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
