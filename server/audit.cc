#include "server/audit.h"

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/rotating_file_sink.h>
#include <sys/stat.h>

#include <cstdio>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/logging/log_line.h"

namespace ovpnbroker::server {
namespace {

constexpr char kMessage[] = "an admin call that is to change something";
constexpr char kPattern[] = R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ",%v})";
constexpr mode_t kFileMode = 0640;

std::vector<ovpn::LogField> Fields(const AuditRecord& record) {
  return {{"caller", record.caller}, {"role", record.role},
          {"method", record.method}, {"request", record.request},
          {"reason", record.reason}, {"outcome", record.ok ? "ok" : "failed"},
          {"result", record.result}};
}

}  // namespace

absl::StatusOr<std::unique_ptr<AuditLog>> AuditLog::Make(ovpn::Logger& logger,
                                                         const AuditFileOptions& file) {
  std::unique_ptr<AuditLog> log(new AuditLog(logger));
  if (file.path.empty()) return log;
  spdlog::file_event_handlers handlers;
  handlers.after_open = [](const spdlog::filename_t&, std::FILE* stream) {
    fchmod(fileno(stream), kFileMode);
  };
  try {
    log->file_ = std::make_unique<spdlog::logger>(
        "audit",
        std::make_shared<spdlog::sinks::rotating_file_sink_mt>(
            file.path, file.max_bytes, file.max_files, /*rotate_on_open=*/false, handlers));
  } catch (const spdlog::spdlog_ex& error) {
    return absl::FailedPreconditionError(absl::StrCat("admin.audit.file: ", error.what()));
  }
  log->file_->set_formatter(
      std::make_unique<spdlog::pattern_formatter>(kPattern, spdlog::pattern_time_type::utc));
  log->file_->flush_on(spdlog::level::info);
  log->file_->set_error_handler([&logger, audit = log.get()](const std::string& error) {
    audit->write_failures_.fetch_add(1, std::memory_order_relaxed);
    logger.Error("AUDIT_NOT_WRITTEN", "the audit file cannot be written", {{"error", error}});
  });
  return log;
}

AuditLog::AuditLog(ovpn::Logger& logger) : logger_(logger) {}

AuditLog::~AuditLog() = default;

void AuditLog::Write(const AuditRecord& record) {
  const std::vector<ovpn::LogField> fields = Fields(record);
  const ovpn::LogLevel level = record.ok ? ovpn::LogLevel::kInfo : ovpn::LogLevel::kWarning;
  if (logger_.Enabled(level)) logger_.Write(level, "AUDIT", kMessage, fields);
  if (file_ == nullptr) return;
  const std::string body = JsonLogBody("AUDIT", kMessage, fields);
  file_->log(spdlog::level::info, spdlog::string_view_t(body.data(), body.size()));
}

void AuditGuard::Conclude(bool ok, absl::string_view result) {
  AuditLog* const log = std::exchange(log_, nullptr);
  if (log == nullptr) return;
  record_.ok = ok;
  record_.result = std::string(result);
  log->Write(record_);
}

}  // namespace ovpnbroker::server
