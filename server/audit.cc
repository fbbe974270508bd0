#include "server/audit.h"

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>

#include <vector>

#include "absl/strings/str_cat.h"
#include "server/logging/log_line.h"

namespace ovpnbroker::server {
namespace {

constexpr char kMessage[] = "an admin call that is to change something";
constexpr char kPattern[] = R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ",%v})";

std::vector<ovpn::LogField> Fields(const AuditRecord& record) {
  return {{"caller", record.caller}, {"role", record.role},
          {"method", record.method}, {"request", record.request},
          {"reason", record.reason}, {"outcome", record.ok ? "ok" : "failed"},
          {"result", record.result}};
}

}  // namespace

absl::StatusOr<std::unique_ptr<AuditLog>> AuditLog::Make(ovpn::Logger& logger,
                                                         const RotatingFileOptions& file) {
  std::unique_ptr<AuditLog> log(new AuditLog(logger));
  if (file.path.empty()) return log;
  auto sink = OpenRotatingFile(file);
  if (!sink.ok()) {
    return absl::FailedPreconditionError(
        absl::StrCat("admin.audit.file: ", sink.status().message()));
  }
  log->file_ = std::make_unique<spdlog::logger>("audit", *std::move(sink));
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
