#include "server/config/string_format.h"

#include <algorithm>
#include <filesystem>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "ovpn/base/dns_target.h"
#include "ovpn/base/status_macros.h"

namespace ovpnbroker::server {
namespace {

using config::v1::Format;

constexpr size_t kMaxText = 4096;
constexpr size_t kMaxPath = 4095;  // PATH_MAX less the final zero
constexpr size_t kMaxName = 32;
constexpr size_t kMaxDirective = 64;
constexpr absl::string_view kUnixPrefix = "unix:";

bool IsWord(absl::string_view text, size_t max_size) {
  return !text.empty() && text.size() <= max_size &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return absl::ascii_islower(static_cast<unsigned char>(c)) ||
                  absl::ascii_isdigit(static_cast<unsigned char>(c)) || c == '-';
         });
}

bool HasControlCharacters(absl::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return absl::ascii_iscntrl(static_cast<unsigned char>(c)); });
}

std::string Resolve(absl::string_view path, const std::string& directory) {
  const std::filesystem::path given{std::string(path)};
  return (std::filesystem::path(directory) / given).lexically_normal().string();
}

absl::Status CheckFileMode(absl::string_view text) {
  constexpr uint32_t kOthers = 07;
  constexpr uint32_t kHighest = 0777;
  uint32_t mode = 0;
  const bool octal =
      text.size() >= 3 && text.size() <= 4 &&
      std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '7'; });
  for (const char c : text) mode = mode * 8 + static_cast<uint32_t>(c - '0');
  if (!octal || mode > kHighest) {
    return absl::InvalidArgumentError("expected octal permissions such as \"0660\"");
  }
  if ((mode & kOthers) != 0) {
    return absl::InvalidArgumentError(
        "gives permissions to every local user; the last digit must be 0, as in \"0660\"");
  }
  return absl::OkStatus();
}

}  // namespace

bool HostPort::is_loopback() const {
  const auto bytes = address.bytes();
  if (address.is_v4()) return bytes[0] == 127;
  return std::all_of(bytes.begin(), bytes.end() - 1, [](uint8_t b) { return b == 0; }) &&
         bytes.back() == 1;
}

absl::StatusOr<HostPort> ParseHostPort(absl::string_view text) {
  const auto error = [] {
    return absl::InvalidArgumentError("expected ADDRESS:PORT such as 127.0.0.1:7505 or [::1]:7505");
  };
  const size_t colon = text.rfind(':');
  if (colon == absl::string_view::npos) return error();
  absl::string_view host = text.substr(0, colon);
  const absl::string_view port_text = text.substr(colon + 1);
  const bool bracketed = absl::StartsWith(host, "[") && absl::EndsWith(host, "]");
  if (bracketed) host = host.substr(1, host.size() - 2);

  HostPort result;
  const auto address = ovpn::IpAddress::Parse(host);
  if (!address.ok() || address->is_v6() != bracketed) return error();
  result.address = *address;
  const bool digits = std::all_of(port_text.begin(), port_text.end(), [](char c) {
    return absl::ascii_isdigit(static_cast<unsigned char>(c));
  });
  if (!digits || !absl::SimpleAtoi(port_text, &result.port)) return error();
  if (result.port < 1 || result.port > 65535) {
    return absl::InvalidArgumentError("the port must be between 1 and 65535");
  }
  return result;
}

absl::StatusOr<std::string> NormalizeString(Format format, absl::string_view text,
                                            const std::string& directory) {
  if (HasControlCharacters(text)) {
    return absl::InvalidArgumentError("control characters are not accepted");
  }
  switch (format) {
    case Format::FORMAT_NAME:
      if (!IsWord(text, kMaxName)) {
        return absl::InvalidArgumentError(
            absl::StrCat("expected 1 to ", kMaxName, " lower-case letters, digits and hyphens"));
      }
      return std::string(text);
    case Format::FORMAT_DIRECTIVE:
      if (!IsWord(text, kMaxDirective)) {
        return absl::InvalidArgumentError(
            "expected the first word of an OpenVPN directive, such as push-continuation");
      }
      return std::string(text);
    case Format::FORMAT_PATH: {
      if (text.empty()) return absl::InvalidArgumentError("expected a path");
      std::string path = Resolve(text, directory);
      if (path.size() > kMaxPath) {
        return absl::InvalidArgumentError(absl::StrCat("a path has at most ", kMaxPath, " bytes"));
      }
      return path;
    }
    case Format::FORMAT_FILE_MODE:
      RETURN_IF_ERROR(CheckFileMode(text));
      return std::string(text);
    case Format::FORMAT_ADDRESS:
      if (absl::StartsWith(text, kUnixPrefix) && text.size() > kUnixPrefix.size()) {
        return absl::StrCat(kUnixPrefix, Resolve(text.substr(kUnixPrefix.size()), directory));
      }
      if (absl::StartsWith(text, ovpn::kDnsScheme)) {
        RETURN_IF_ERROR(ovpn::ParseDnsTarget(text).status());
        return std::string(text);
      }
      if (!ParseHostPort(text).ok()) {
        return absl::InvalidArgumentError(
            "expected unix:/path, ADDRESS:PORT such as 127.0.0.1:50051 or [::1]:50051, or "
            "dns:NAME:PORT");
      }
      return std::string(text);
    case Format::FORMAT_LOOPBACK: {
      ASSIGN_OR_RETURN(const HostPort endpoint, ParseHostPort(text));
      if (!endpoint.is_loopback()) {
        return absl::InvalidArgumentError(
            "must be a loopback address such as 127.0.0.1:7505 or [::1]:7505");
      }
      return std::string(text);
    }
    default:
      if (text.size() > kMaxText) {
        return absl::InvalidArgumentError(absl::StrCat("a text has at most ", kMaxText, " bytes"));
      }
      return std::string(text);
  }
}

}  // namespace ovpnbroker::server
