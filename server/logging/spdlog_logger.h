// Log lines to standard error through spdlog: text for people or one JSON object a line for
// machines. Text for a standard error that is systemd's journal goes to it as records with fields.
// Owned by main; thread-safe. The level can change at run time.
#pragma once

#include <spdlog/fwd.h>

#include <cstdint>
#include <memory>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "ovpn/base/log.h"

namespace ovpnbroker::server {

class BatchSink;
class JournalWriter;

enum class LogFormat {
  kText,  // time level ID message name=value ...; coloured on a terminal
  kJson,  // {"time":...,"level":...,"id":...,"message":...,"fields":{...}}
};

class SpdlogLogger final : public ovpn::Logger {
 public:
  SpdlogLogger(LogFormat format, ovpn::LogLevel level);
  // Writes to `sink` instead of standard error.
  SpdlogLogger(LogFormat format, ovpn::LogLevel level, std::shared_ptr<spdlog::sinks::sink> sink);
  ~SpdlogLogger() override;

  void SetLevel(ovpn::LogLevel level);
  // Lines that whoever reads the log was too slow for.
  uint64_t dropped_lines() const;

  bool Enabled(ovpn::LogLevel level) const override;
  void Write(ovpn::LogLevel level, absl::string_view id, absl::string_view message,
             absl::Span<const ovpn::LogField> fields) override;

 private:
  const LogFormat format_;
  std::shared_ptr<const BatchSink> standard_error_;  // null when it writes elsewhere
  std::unique_ptr<JournalWriter> journal_;           // null unless standard error is the journal
  std::unique_ptr<spdlog::logger> logger_;           // knows the level, also for the journal
};

}  // namespace ovpnbroker::server
