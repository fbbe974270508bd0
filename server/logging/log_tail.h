// A logger that passes everything on and remembers the last records, for those who want to read
// along. A reader keeps its own place and is told when it has fallen out of what is remembered, so
// that nobody ever waits for a reader. Owned by main; thread-safe.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "ovpn/base/clock.h"
#include "ovpn/base/log.h"
#include "policy/stream/mutex.h"

namespace ovpnbroker::server {

struct LogEntry {
  uint64_t sequence = 0;  // from 1
  ovpn::WallTime time;
  ovpn::LogLevel level = ovpn::LogLevel::kInfo;
  std::string id;
  std::string message;
  std::vector<std::pair<std::string, std::string>> fields;
};

class LogTail final : public ovpn::Logger {
 public:
  static constexpr size_t kCapacity = 4096;

  // `next` and `clock` outlive this.
  LogTail(ovpn::Logger& next, const ovpn::Clock& clock, size_t capacity = kCapacity)
      : next_(next), clock_(clock), capacity_(capacity) {}

  bool Enabled(ovpn::LogLevel level) const override { return next_.Enabled(level); }
  void Write(ovpn::LogLevel level, absl::string_view id, absl::string_view message,
             absl::Span<const ovpn::LogField> fields) override;

  struct Batch {
    std::vector<std::shared_ptr<const LogEntry>> entries;  // those after the place asked for
    bool lost = false;  // some of those after the place are forgotten; entries is empty
  };
  // At most `limit` entries after sequence number `after`.
  Batch Read(uint64_t after, size_t limit) const;
  // The place from which `count` remembered entries follow that are `wanted`, and all newer ones;
  // fewer when there are fewer.
  uint64_t PlaceBefore(size_t count, const std::function<bool(const LogEntry&)>& wanted) const;

  // Calls `wake` after each new entry, on the writer's thread: it may only move on to its own
  // thread, and must not log. After Remove it is not called any more.
  uint64_t AddListener(std::function<void()> wake);
  void RemoveListener(uint64_t listener);

 private:
  ovpn::Logger& next_;
  const ovpn::Clock& clock_;
  const size_t capacity_;
  mutable policy::Mutex mutex_;
  std::deque<std::shared_ptr<const LogEntry>> entries_ ABSL_GUARDED_BY(mutex_);
  uint64_t last_sequence_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t last_listener_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<uint64_t, std::function<void()>> listeners_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace ovpnbroker::server
