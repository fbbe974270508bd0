#include "server/logging/log_line.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "ovpn/base/utf8.h"

namespace ovpnbroker::server {
namespace {

bool IsControl(char c) { return absl::ascii_iscntrl(static_cast<unsigned char>(c)); }

std::string HexByte(char c) {
  return absl::StrCat(absl::Hex(static_cast<uint8_t>(c), absl::kZeroPad2));
}

// Appends `bytes` with control characters and bytes that are not UTF-8 escaped; quotes and
// backslashes as well when `quoted`.
void AppendEscaped(absl::string_view bytes, bool quoted, std::string& out) {
  size_t valid = ovpn::ValidUtf8Prefix(bytes);
  for (size_t i = 0; i < bytes.size(); ++i) {
    const char c = bytes[i];
    if (i == valid) {
      absl::StrAppend(&out, "\\x", HexByte(c));
      valid = i + 1 + ovpn::ValidUtf8Prefix(bytes.substr(i + 1));
    } else if (quoted && (c == '"' || c == '\\')) {
      out += {'\\', c};
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\t') {
      out += "\\t";
    } else if (IsControl(c)) {
      absl::StrAppend(&out, "\\x", HexByte(c));
    } else {
      out += c;
    }
  }
}

bool NeedsQuotes(absl::string_view value) {
  return value.empty() || !ovpn::IsValidUtf8(value) ||
         std::any_of(value.begin(), value.end(), [](char c) {
           return c == ' ' || c == '"' || c == '=' || c == '\\' || IsControl(c);
         });
}

std::string JsonString(absl::string_view bytes) {
  std::string out = "\"";
  for (const char c : ovpn::ReplaceInvalidUtf8(bytes)) {
    if (c == '"' || c == '\\') {
      out += {'\\', c};
    } else if (IsControl(c)) {
      absl::StrAppend(&out, "\\u00", HexByte(c));
    } else {
      out += c;
    }
  }
  return out + "\"";
}

}  // namespace

std::string TextLogBody(absl::string_view id, absl::string_view message,
                        absl::Span<const ovpn::LogField> fields) {
  std::string body = absl::StrCat(id, " ");
  AppendEscaped(message, /*quoted=*/false, body);
  for (const ovpn::LogField& field : fields) {
    absl::StrAppend(&body, " ", field.name, "=");
    const bool quoted = NeedsQuotes(field.value);
    if (quoted) body += '"';
    AppendEscaped(field.value, quoted, body);
    if (quoted) body += '"';
  }
  return body;
}

std::string JsonLogBody(absl::string_view id, absl::string_view message,
                        absl::Span<const ovpn::LogField> fields) {
  std::string body = absl::StrCat("\"id\":", JsonString(id), ",\"message\":", JsonString(message),
                                  ",\"fields\":{");
  absl::string_view separator;
  for (const ovpn::LogField& field : fields) {
    absl::StrAppend(&body, separator, JsonString(field.name), ":", JsonString(field.value));
    separator = ",";
  }
  return body + "}";
}

}  // namespace ovpnbroker::server
