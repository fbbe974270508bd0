// What the broker says: every line has a level, an id that documents and alerts can rely on
// (UPPER_SNAKE, listed in docs/messages.md), a sentence, and fields. Secrets have no way in: a
// Secret does not convert to a field. ovpn/ and policy/ only see this interface; server/logging
// gives it to spdlog. Implementations are thread-safe.
#pragma once

#include <initializer_list>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace ovpnbroker::ovpn {

enum class LogLevel { kTrace, kDebug, kInfo, kWarning, kError };

struct LogField {
  // Takes strings and numbers. `value` may hold any bytes; the implementation escapes them.
  LogField(absl::string_view field_name, const absl::AlphaNum& field_value)
      : name(field_name), value(field_value.Piece()) {}

  absl::string_view name;  // static text, lower_snake_case
  std::string value;
};

class Logger {
 public:
  virtual ~Logger() = default;
  virtual bool Enabled(LogLevel level) const = 0;
  virtual void Write(LogLevel level, absl::string_view id, absl::string_view message,
                     absl::Span<const LogField> fields) = 0;

  void Debug(absl::string_view id, absl::string_view message,
             std::initializer_list<LogField> fields = {}) {
    WriteIfEnabled(LogLevel::kDebug, id, message, fields);
  }
  void Info(absl::string_view id, absl::string_view message,
            std::initializer_list<LogField> fields = {}) {
    WriteIfEnabled(LogLevel::kInfo, id, message, fields);
  }
  void Warning(absl::string_view id, absl::string_view message,
               std::initializer_list<LogField> fields = {}) {
    WriteIfEnabled(LogLevel::kWarning, id, message, fields);
  }
  void Error(absl::string_view id, absl::string_view message,
             std::initializer_list<LogField> fields = {}) {
    WriteIfEnabled(LogLevel::kError, id, message, fields);
  }

 private:
  void WriteIfEnabled(LogLevel level, absl::string_view id, absl::string_view message,
                      std::initializer_list<LogField> fields) {
    if (Enabled(level)) Write(level, id, message, {fields.begin(), fields.size()});
  }
};

}  // namespace ovpnbroker::ovpn
