#include "server/logging/spdlog_logger.h"

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <unistd.h>

#include <string>
#include <utility>

#include "server/logging/batch_sink.h"
#include "server/logging/journal_writer.h"
#include "server/logging/log_line.h"

namespace ovpnbroker::server {
namespace {

spdlog::level::level_enum ToSpdlog(ovpn::LogLevel level) {
  switch (level) {
    case ovpn::LogLevel::kTrace:
      return spdlog::level::trace;
    case ovpn::LogLevel::kDebug:
      return spdlog::level::debug;
    case ovpn::LogLevel::kInfo:
      return spdlog::level::info;
    case ovpn::LogLevel::kWarning:
      return spdlog::level::warn;
    case ovpn::LogLevel::kError:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

// spdlog adds time and level to the body (%v); %^ and %$ bound what is coloured.
const char* Pattern(LogFormat format) {
  return format == LogFormat::kJson ? R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})"
                                    : "%Y-%m-%dT%H:%M:%S.%eZ %^%-7l%$ %v";
}

std::string LogBody(LogFormat format, absl::string_view id, absl::string_view message,
                    absl::Span<const ovpn::LogField> fields) {
  return format == LogFormat::kJson ? JsonLogBody(id, message, fields)
                                    : TextLogBody(id, message, fields);
}

// Standard error by way of a writer of its own.
std::shared_ptr<BatchSink> StandardError(LogFormat format) {
  BatchSink::Options options;
  options.fd = STDERR_FILENO;
  options.colours = isatty(STDERR_FILENO) == 1;
  options.describe_dropped = [format](uint64_t dropped) {
    return LogBody(format, "LOG_LINES_DROPPED", kLogLinesDroppedMessage,
                   {ovpn::LogField("count", dropped)});
  };
  return std::make_shared<BatchSink>(std::move(options));
}

}  // namespace

SpdlogLogger::SpdlogLogger(LogFormat format, ovpn::LogLevel level)
    : SpdlogLogger(format, level, StandardError(format)) {
  standard_error_ = std::static_pointer_cast<const BatchSink>(logger_->sinks().front());
  if (format == LogFormat::kText && StandardErrorIsJournal()) {
    journal_ = std::make_unique<JournalWriter>();
  }
}

SpdlogLogger::SpdlogLogger(LogFormat format, ovpn::LogLevel level,
                           std::shared_ptr<spdlog::sinks::sink> sink)
    : format_(format), logger_(std::make_unique<spdlog::logger>("broker", std::move(sink))) {
  logger_->set_formatter(
      std::make_unique<spdlog::pattern_formatter>(Pattern(format), spdlog::pattern_time_type::utc));
  // A log that cannot be written (disk full, closed pipe) must not end the broker.
  logger_->set_error_handler([](const std::string&) {});
  SetLevel(level);
}

SpdlogLogger::~SpdlogLogger() = default;

void SpdlogLogger::SetLevel(ovpn::LogLevel level) { logger_->set_level(ToSpdlog(level)); }

uint64_t SpdlogLogger::dropped_lines() const {
  return (standard_error_ != nullptr ? standard_error_->dropped() : 0) +
         (journal_ != nullptr ? journal_->dropped() : 0);
}

bool SpdlogLogger::Enabled(ovpn::LogLevel level) const {
  return logger_->should_log(ToSpdlog(level));
}

void SpdlogLogger::Write(ovpn::LogLevel level, absl::string_view id, absl::string_view message,
                         absl::Span<const ovpn::LogField> fields) {
  if (journal_ != nullptr && Enabled(level)) return journal_->Write(level, id, message, fields);
  const std::string body = LogBody(format_, id, message, fields);
  logger_->log(ToSpdlog(level), spdlog::string_view_t(body.data(), body.size()));
}

}  // namespace ovpnbroker::server
