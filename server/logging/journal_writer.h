// Log lines to systemd's journal as records with fields, so that `journalctl INSTANCE=office` and
// `-p warning` find them. A thread of its own sends: a journal that does not read never stops the
// caller. What does not fit into the buffer is dropped and counted, and the count is said once
// there is room. Owned by the logger; thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "ovpn/base/clock.h"
#include "ovpn/base/log.h"

namespace ovpnbroker::server {

class JournalWriter {
 public:
  // Bytes that wait to be sent.
  static constexpr size_t kMaxWaitingBytes = 4 * 1024 * 1024;

  // One record: "NAME=value" each. Blocks as long as it likes; failures are its own.
  using Send = std::function<void(const std::vector<std::string>& record)>;

  explicit JournalWriter(Send send = SendToJournal, size_t max_waiting_bytes = kMaxWaitingBytes,
                         ovpn::Duration close_timeout = std::chrono::seconds(1));
  // Sends what waits, within close_timeout; then leaves it.
  ~JournalWriter();
  JournalWriter(const JournalWriter&) = delete;
  JournalWriter& operator=(const JournalWriter&) = delete;

  // MESSAGE is the line as people read it, PRIORITY the level, OVPNBROKER_ID the id; each field
  // stands by itself under its name in capitals.
  void Write(ovpn::LogLevel level, absl::string_view id, absl::string_view message,
             absl::Span<const ovpn::LogField> fields);

  // Lines dropped since the start.
  uint64_t dropped() const;

 private:
  struct Shared;

  static void SendToJournal(const std::vector<std::string>& record);

  const ovpn::Duration close_timeout_;
  const std::shared_ptr<Shared> shared_;  // the thread's too, which may outlive this
};

// Standard error leads to the journal: systemd's JOURNAL_STREAM names it.
bool StandardErrorIsJournal();

}  // namespace ovpnbroker::server
