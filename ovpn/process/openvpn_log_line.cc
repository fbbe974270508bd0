#include "ovpn/process/openvpn_log_line.h"

#include <charconv>
#include <chrono>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace ovpnbroker::ovpn {
namespace {

// OpenVPN's src/openvpn/error.h (2.6): bits 0-3 are the verbosity a line needs, the others say what
// it is.
constexpr uint32_t kVerbosityMask = 0x0f;
constexpr uint32_t kFatalFlag = 1u << 4;
constexpr uint32_t kNonFatalFlag = 1u << 5;
constexpr uint32_t kWarnFlag = 1u << 6;
constexpr uint32_t kDebugFlag = 1u << 7;
constexpr uint32_t kUsageFlag = 1u << 13;         // a fatal error of the options
constexpr uint32_t kOptionsErrorFlag = 1u << 15;  // the same, with the prefix "Options error:"
// "1 to 4: normal usage range", says the manual of --verb.
constexpr uint32_t kMaxInfoVerbosity = 4;

constexpr size_t kMicrosecondDigits = 6;

// Takes a whole number of `base` off the front of `text`; false if there is none or it overflows.
template <typename Number>
bool ConsumeNumber(absl::string_view& text, Number& number, int base) {
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number, base);
  if (error != std::errc() || rest == text.data()) return false;
  text.remove_prefix(static_cast<size_t>(rest - text.data()));
  return true;
}

struct Stamp {
  WallTime time;
  uint32_t flags = 0;
};

// Takes "SECONDS.MICROSECONDS FLAGS " off the front of `line`.
std::optional<Stamp> ConsumeStamp(absl::string_view& line) {
  absl::string_view rest = line;
  uint32_t seconds = 0;  // good until 2106, and keeps a wild number from overflowing WallTime
  uint32_t microseconds = 0;
  Stamp stamp;
  if (!ConsumeNumber(rest, seconds, 10) || !absl::ConsumePrefix(&rest, ".")) return std::nullopt;
  const size_t before_fraction = rest.size();
  if (!ConsumeNumber(rest, microseconds, 10)) return std::nullopt;
  if (before_fraction - rest.size() != kMicrosecondDigits) return std::nullopt;
  if (!absl::ConsumePrefix(&rest, " ")) return std::nullopt;
  if (!ConsumeNumber(rest, stamp.flags, 16) || !absl::ConsumePrefix(&rest, " ")) {
    return std::nullopt;
  }
  stamp.time = WallTime(std::chrono::seconds(seconds) + std::chrono::microseconds(microseconds));
  line = rest;
  return stamp;
}

OpenvpnLogLevel LevelOf(uint32_t flags) {
  if ((flags & (kFatalFlag | kUsageFlag | kOptionsErrorFlag)) != 0) return OpenvpnLogLevel::kFatal;
  if ((flags & kNonFatalFlag) != 0) return OpenvpnLogLevel::kNonFatal;
  if ((flags & kWarnFlag) != 0) return OpenvpnLogLevel::kWarning;
  if ((flags & kDebugFlag) != 0 || (flags & kVerbosityMask) > kMaxInfoVerbosity) {
    return OpenvpnLogLevel::kDebug;
  }
  return OpenvpnLogLevel::kInfo;
}

// With "verb 5" OpenVPN writes one of these letters per packet, without a newline, so that they
// pile up before the next line's stamp.
absl::string_view SkipPacketMarks(absl::string_view line) {
  const size_t start = line.find_first_not_of("rRwW");
  return start == absl::string_view::npos ? line : line.substr(start);
}

// OpenVPN logs a client's answer to a challenge, in base64, at an ordinary level.
std::string WithoutAnswers(absl::string_view text) {
  for (const absl::string_view marker : {"CR response was sent by client (", "CR_RESPONSE,"}) {
    const size_t start = text.find(marker);
    if (start == absl::string_view::npos) continue;
    return absl::StrCat(text.substr(0, start + marker.size()), "[answer left out]");
  }
  return std::string(text);
}

}  // namespace

OpenvpnLogLine ParseOpenvpnLogLine(absl::string_view line) {
  OpenvpnLogLine result;
  absl::string_view rest = SkipPacketMarks(line);
  const std::optional<Stamp> stamp = ConsumeStamp(rest);
  if (!stamp.has_value()) {
    result.text = WithoutAnswers(line);
    return result;
  }
  result.time = stamp->time;
  result.flags = stamp->flags;
  result.level = LevelOf(stamp->flags);
  result.text = WithoutAnswers(rest);
  return result;
}

LogLevel ToLogLevel(OpenvpnLogLevel level) {
  switch (level) {
    case OpenvpnLogLevel::kFatal:
      return LogLevel::kError;
    case OpenvpnLogLevel::kNonFatal:
    case OpenvpnLogLevel::kWarning:
      return LogLevel::kWarning;
    case OpenvpnLogLevel::kInfo:
      return LogLevel::kInfo;
    case OpenvpnLogLevel::kDebug:
      return LogLevel::kDebug;
  }
  return LogLevel::kInfo;
}

absl::string_view ToString(OpenvpnLogLevel level) {
  switch (level) {
    case OpenvpnLogLevel::kFatal:
      return "FATAL";
    case OpenvpnLogLevel::kNonFatal:
      return "NONFATAL";
    case OpenvpnLogLevel::kWarning:
      return "WARNING";
    case OpenvpnLogLevel::kInfo:
      return "INFO";
    case OpenvpnLogLevel::kDebug:
      return "DEBUG";
  }
  return "INFO";
}

}  // namespace ovpnbroker::ovpn
