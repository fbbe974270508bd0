#include "server/logging/journal_writer.h"

// The place in our source says nothing: every record has its id.
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <sys/stat.h>
#include <sys/uio.h>
#include <syslog.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "policy/stream/mutex.h"
#include "server/logging/log_line.h"

namespace ovpnbroker::server {
namespace {

using Record = std::vector<std::string>;

int PriorityOf(ovpn::LogLevel level) {
  switch (level) {
    case ovpn::LogLevel::kTrace:
    case ovpn::LogLevel::kDebug:
      return LOG_DEBUG;
    case ovpn::LogLevel::kInfo:
      return LOG_INFO;
    case ovpn::LogLevel::kWarning:
      return LOG_WARNING;
    case ovpn::LogLevel::kError:
      return LOG_ERR;
  }
  return LOG_ERR;
}

Record MakeRecord(ovpn::LogLevel level, absl::string_view id, absl::string_view message,
                  absl::Span<const ovpn::LogField> fields) {
  Record record = {absl::StrCat("MESSAGE=", TextLogBody(id, message, fields)),
                   absl::StrCat("PRIORITY=", PriorityOf(level)), absl::StrCat("OVPNBROKER_ID=", id),
                   "SYSLOG_IDENTIFIER=ovpn-brokerd"};
  for (const ovpn::LogField& field : fields) {
    record.push_back(absl::StrCat(absl::AsciiStrToUpper(field.name), "=", field.value));
  }
  return record;
}

size_t SizeOf(const Record& record) {
  size_t size = 0;
  for (const std::string& field : record) size += field.size();
  return size;
}

}  // namespace

struct JournalWriter::Shared {
  Shared(Send send_record, size_t max_bytes)
      : send(std::move(send_record)), max_waiting_bytes(max_bytes) {}

  void Append(Record record) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    const size_t size = SizeOf(record);
    if (waiting_bytes + size > max_waiting_bytes) {
      ++dropped;
      ++dropped_untold;
      return;
    }
    TellDropped();
    waiting_bytes += size;
    waiting.push_back(std::move(record));
  }

  void TellDropped() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    if (dropped_untold == 0) return;
    const ovpn::LogField count("count", std::exchange(dropped_untold, 0));
    waiting.push_back(MakeRecord(ovpn::LogLevel::kWarning, "LOG_LINES_DROPPED",
                                 kLogLinesDroppedMessage, {count}));
    waiting_bytes += SizeOf(waiting.back());
  }

  // The writer's thread.
  void Run() {
    while (true) {
      Record record;
      {
        const policy::MutexLock lock(mutex);
        if (waiting.empty()) TellDropped();
        while (waiting.empty() && !closing) wake.wait(mutex);
        if (waiting.empty()) break;
        record = std::move(waiting.front());
        waiting.pop_front();
        waiting_bytes -= SizeOf(record);
      }
      send(record);
    }
    {
      const policy::MutexLock lock(mutex);
      ended = true;
    }
    wake.notify_all();
  }

  const Send send;
  const size_t max_waiting_bytes;
  policy::Mutex mutex;
  std::condition_variable_any wake;
  std::deque<Record> waiting ABSL_GUARDED_BY(mutex);
  size_t waiting_bytes ABSL_GUARDED_BY(mutex) = 0;
  uint64_t dropped ABSL_GUARDED_BY(mutex) = 0;
  uint64_t dropped_untold ABSL_GUARDED_BY(mutex) = 0;
  bool closing ABSL_GUARDED_BY(mutex) = false;
  bool ended ABSL_GUARDED_BY(mutex) = false;
};

JournalWriter::JournalWriter(Send send, size_t max_waiting_bytes, ovpn::Duration close_timeout)
    : close_timeout_(close_timeout),
      shared_(std::make_shared<Shared>(std::move(send), max_waiting_bytes)) {
  // Detached: one that is stuck in a send must not hold up the end of the process.
  std::thread([shared = shared_] { shared->Run(); }).detach();
}

JournalWriter::~JournalWriter() {
  const ovpn::SteadyTime deadline = std::chrono::steady_clock::now() + close_timeout_;
  {
    const policy::MutexLock lock(shared_->mutex);
    shared_->closing = true;
  }
  shared_->wake.notify_all();
  const policy::MutexLock lock(shared_->mutex);
  while (!shared_->ended &&
         shared_->wake.wait_until(shared_->mutex, deadline) == std::cv_status::no_timeout) {
  }
}

void JournalWriter::Write(ovpn::LogLevel level, absl::string_view id, absl::string_view message,
                          absl::Span<const ovpn::LogField> fields) {
  Record record = MakeRecord(level, id, message, fields);
  {
    const policy::MutexLock lock(shared_->mutex);
    shared_->Append(std::move(record));
  }
  shared_->wake.notify_all();
}

uint64_t JournalWriter::dropped() const {
  const policy::MutexLock lock(shared_->mutex);
  return shared_->dropped;
}

void JournalWriter::SendToJournal(const std::vector<std::string>& record) {
  std::vector<iovec> parts;
  parts.reserve(record.size());
  for (const std::string& field : record) {
    parts.push_back({const_cast<char*>(field.data()), field.size()});  // only read
  }
  sd_journal_sendv(parts.data(), static_cast<int>(parts.size()));
}

bool StandardErrorIsJournal() {
  const char* stream = std::getenv("JOURNAL_STREAM");
  struct stat status = {};
  if (stream == nullptr || fstat(STDERR_FILENO, &status) != 0) return false;
  return stream == absl::StrCat(status.st_dev, ":", status.st_ino);
}

}  // namespace ovpnbroker::server
