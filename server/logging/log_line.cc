#include "server/logging/log_line.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "ovpn/base/utf8.h"

namespace ovpnbroker::server {
namespace {

// A decision's line has less.
constexpr size_t kUsualBodyBytes = 1024;

// Bytes that stand for themselves in every form of a line: ASCII without control characters, quotes
// and backslashes. Nearly all values have no others.
constexpr std::array<bool, 256> kIsPlain = [] {
  std::array<bool, 256> table{};
  for (size_t byte = 0x20; byte < 0x7f; ++byte) table[byte] = byte != '"' && byte != '\\';
  return table;
}();

bool IsPlain(absl::string_view bytes) {
  return std::all_of(bytes.begin(), bytes.end(),
                     [](char c) { return kIsPlain[static_cast<unsigned char>(c)]; });
}

bool IsControl(char c) { return absl::ascii_iscntrl(static_cast<unsigned char>(c)); }

std::string HexByte(char c) {
  return absl::StrCat(absl::Hex(static_cast<uint8_t>(c), absl::kZeroPad2));
}

// Appends `bytes` with control characters and bytes that are not UTF-8 escaped; quotes and
// backslashes as well when `quoted`.
void AppendEscaped(absl::string_view bytes, bool quoted, std::string& out) {
  if (IsPlain(bytes)) {
    out.append(bytes.data(), bytes.size());
    return;
  }
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

void AppendJsonText(absl::string_view bytes, std::string& out) {
  if (IsPlain(bytes)) {
    out.append(bytes.data(), bytes.size());
    return;
  }
  for (const char c : ovpn::ReplaceInvalidUtf8(bytes)) {
    if (c == '"' || c == '\\') {
      out += {'\\', c};
    } else if (IsControl(c)) {
      absl::StrAppend(&out, "\\u00", HexByte(c));
    } else {
      out += c;
    }
  }
}

// "name":"value"
void AppendJsonMember(absl::string_view name, absl::string_view value, std::string& out) {
  out += '"';
  AppendJsonText(name, out);
  out += "\":\"";
  AppendJsonText(value, out);
  out += '"';
}

}  // namespace

std::string TextLogBody(absl::string_view id, absl::string_view message,
                        absl::Span<const ovpn::LogField> fields) {
  std::string body;
  body.reserve(kUsualBodyBytes);
  absl::StrAppend(&body, id, " ");
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
  std::string body;
  body.reserve(kUsualBodyBytes);
  AppendJsonMember("id", id, body);
  body += ',';
  AppendJsonMember("message", message, body);
  body += ",\"fields\":{";
  for (const ovpn::LogField& field : fields) {
    if (&field != fields.begin()) body += ',';
    AppendJsonMember(field.name, field.value, body);
  }
  body += '}';
  return body;
}

}  // namespace ovpnbroker::server
