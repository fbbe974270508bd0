// Which records of the log a reader wants: by level, instance and text. Immutable; any thread.
#pragma once

#include <string>

#include "ovpn/base/log.h"
#include "server/logging/log_tail.h"

namespace ovpnbroker::server {

class LogFilter {
 public:
  // Bytes of text to look for.
  static constexpr size_t kMaxText = 256;

  // Empty: any instance, any text. The text is looked for in the id, in the message and in each
  // field as `name=value`; upper and lower case of ASCII letters are the same.
  LogFilter(ovpn::LogLevel minimum_level, std::string instance, const std::string& text);

  bool Wants(const LogEntry& entry) const;

 private:
  bool Contains(const std::string& where) const;

  const ovpn::LogLevel minimum_level_;
  const std::string instance_;
  const std::string text_;  // in lower case
};

}  // namespace ovpnbroker::server
