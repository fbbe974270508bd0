#include "server/logging/log_tail.h"

#include <algorithm>

namespace ovpnbroker::server {

void LogTail::Write(ovpn::LogLevel level, absl::string_view id, absl::string_view message,
                    absl::Span<const ovpn::LogField> fields) {
  next_.Write(level, id, message, fields);
  if (!Enabled(level)) return;
  auto entry = std::make_shared<LogEntry>();
  entry->time = clock_.WallNow();
  entry->level = level;
  entry->id = std::string(id);
  entry->message = std::string(message);
  entry->fields.reserve(fields.size());
  for (const ovpn::LogField& field : fields) {
    entry->fields.emplace_back(std::string(field.name), field.value);
  }
  const policy::MutexLock lock(mutex_);
  entry->sequence = ++last_sequence_;
  entries_.push_back(std::move(entry));
  if (entries_.size() > capacity_) entries_.pop_front();
  for (const auto& [key, wake] : listeners_) wake();
}

LogTail::Batch LogTail::Read(uint64_t after, size_t limit) const {
  const policy::MutexLock lock(mutex_);
  Batch batch;
  const uint64_t forgotten = last_sequence_ - entries_.size();  // the last one that is
  batch.lost = after < forgotten;
  if (batch.lost || after >= last_sequence_) return batch;
  const auto first = entries_.begin() + static_cast<std::ptrdiff_t>(after - forgotten);
  const auto count =
      std::min<std::ptrdiff_t>(entries_.end() - first, static_cast<std::ptrdiff_t>(limit));
  batch.entries.assign(first, first + count);
  return batch;
}

uint64_t LogTail::PlaceBefore(size_t count,
                              const std::function<bool(const LogEntry&)>& wanted) const {
  std::deque<std::shared_ptr<const LogEntry>> entries;
  uint64_t place = 0;
  {
    // Whoever logs does not wait until all have been looked at.
    const policy::MutexLock lock(mutex_);
    entries = entries_;
    place = last_sequence_;
  }
  for (auto entry = entries.rbegin(); entry != entries.rend() && count > 0; ++entry) {
    if (!wanted(**entry)) continue;
    place = (*entry)->sequence - 1;
    --count;
  }
  return place;
}

uint64_t LogTail::AddListener(std::function<void()> wake) {
  const policy::MutexLock lock(mutex_);
  listeners_.emplace(++last_listener_, std::move(wake));
  return last_listener_;
}

void LogTail::RemoveListener(uint64_t listener) {
  const policy::MutexLock lock(mutex_);
  listeners_.erase(listener);
}

}  // namespace ovpnbroker::server
