// Who changed what: one record for each admin call that is to change something, also when it failed
// or was refused. Records go to the log (id AUDIT) and, when configured, to a file of their own.
// Owned by the broker; thread-safe.
#pragma once

#include <spdlog/fwd.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ovpn/base/log.h"
#include "server/logging/rotating_file.h"

namespace ovpnbroker::server {

struct AuditRecord {
  std::string caller{};   // where it came in, and the certificate's names when there are any
  std::string role{};     // the caller's: "operator"
  std::string method{};   // "SessionService.KillSession"
  std::string request{};  // what it named: `uid="0192..."`; fields that are secret are left out
  std::string reason{};   // the caller's own words
  bool ok = false;
  std::string result{};  // a status code, perhaps with details
};

class AuditLog {
 public:
  // FAILED_PRECONDITION when the file cannot be opened.
  static absl::StatusOr<std::unique_ptr<AuditLog>> Make(ovpn::Logger& logger,
                                                        const RotatingFileOptions& file);
  ~AuditLog();
  AuditLog(const AuditLog&) = delete;
  AuditLog& operator=(const AuditLog&) = delete;

  // Returns when the record is in the file, so that no caller gets an answer before.
  void Write(const AuditRecord& record);
  // Records that did not get into the file.
  uint64_t write_failures() const { return write_failures_.load(std::memory_order_relaxed); }

 private:
  explicit AuditLog(ovpn::Logger& logger);

  ovpn::Logger& logger_;
  std::atomic<uint64_t> write_failures_ = 0;
  std::unique_ptr<spdlog::logger> file_;  // null without a file
};

// Writes exactly one record about one call: failed, unless somebody says that it went well. Empty:
// writes nothing. Belongs to its call; one thread at a time.
class AuditGuard {
 public:
  AuditGuard() = default;
  AuditGuard(AuditLog& log, AuditRecord record) : log_(&log), record_(std::move(record)) {}
  AuditGuard(AuditGuard&& other) noexcept
      : log_(std::exchange(other.log_, nullptr)), record_(std::move(other.record_)) {}
  AuditGuard& operator=(AuditGuard&&) = delete;
  ~AuditGuard() { Conclude(false, "ABANDONED"); }

  // Writes the record; only the first call counts.
  void Conclude(bool ok, absl::string_view result);

 private:
  AuditLog* log_ = nullptr;
  AuditRecord record_;
};

}  // namespace ovpnbroker::server
