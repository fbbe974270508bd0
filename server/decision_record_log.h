// One JSON record for each decision, to a file, to syslog, or to both: what
// ovpnbroker.admin.v1.Decision holds, for machines. Records wait in a bounded queue for a writer
// thread, so that a slow disk delays no decision; those that find no room push out the oldest, and
// are counted and told. Owned by the broker; loop thread only, but for its writer.
#pragma once

#include <spdlog/fwd.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "ovpn/base/log.h"
#include "policy/decision_record.h"
#include "server/logging/rotating_file.h"

namespace ovpnbroker::server {

struct DecisionRecordLogOptions {
  RotatingFileOptions file;
  std::optional<int> syslog_facility;  // LOG_LOCAL0, ...; nullopt: not to syslog
  size_t max_waiting = 0;              // records
};

class DecisionRecordLog final : public policy::DecisionObserver {
 public:
  using Sink = std::shared_ptr<spdlog::sinks::sink>;

  // Writes nothing before Open. `logger` outlives this and is thread-safe.
  explicit DecisionRecordLog(ovpn::Logger& logger);
  // Writes what waits.
  ~DecisionRecordLog() override;

  // Without a file and without syslog it stays closed. FAILED_PRECONDITION when the file cannot be
  // opened.
  absl::Status Open(DecisionRecordLogOptions options);
  // The same with any sinks.
  void Open(size_t max_waiting, std::vector<Sink> sinks);
  // Opens the file anew, after somebody has moved it away. On an error the old one stays in use.
  void Reopen();

  void OnDecisionRecord(const policy::DecisionRecord& record) override;

  // Records lost to a full queue since Open.
  uint64_t dropped() const;

 private:
  class Writer;

  void TellDropped();

  ovpn::Logger& logger_;
  DecisionRecordLogOptions options_;
  std::unique_ptr<Writer> writer_;  // null: nothing is written
  uint64_t dropped_told_ = 0;
};

// The record as one line of JSON, without a line end. Every field is there, also an empty one.
std::string DecisionRecordJson(const policy::DecisionRecord& record);

}  // namespace ovpnbroker::server
