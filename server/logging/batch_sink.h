// Log lines to a descriptor, written by a thread of their own: a reader that has stopped reading
// (a full pipe, a terminal on hold) never stops the caller, and the lines of one batch interval
// cost one system call. What does not fit into the buffer is dropped and counted, and the count is
// said once there is room. Owned by its spdlog logger; thread-safe.
#pragma once

#include <spdlog/formatter.h>
#include <spdlog/sinks/sink.h>

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "ovpn/base/clock.h"
#include "policy/stream/mutex.h"

namespace ovpnbroker::server {

class BatchSink final : public spdlog::sinks::sink {
 public:
  struct Options {
    int fd = 2;            // stays the caller's
    bool colours = false;  // ANSI colours around the level
    // Bytes that wait for the writer; a line that would exceed them is dropped.
    size_t max_waiting_bytes = 4 * 1024 * 1024;
    // How long a line may wait for others. Errors do not wait.
    ovpn::Duration batch_interval = std::chrono::milliseconds(20);
    // How long the destructor waits for a reader that does not read.
    ovpn::Duration close_timeout = std::chrono::seconds(1);
    // The body of the line that tells how many lines were dropped.
    std::function<std::string(uint64_t dropped)> describe_dropped;
  };

  explicit BatchSink(Options options);
  // Writes what waits, within close_timeout.
  ~BatchSink() override;

  void log(const spdlog::details::log_msg& message) override;
  // Asks the writer not to wait for the batch; returns at once.
  void flush() override;
  void set_pattern(const std::string& pattern) override;
  void set_formatter(std::unique_ptr<spdlog::formatter> formatter) override;

  // Lines dropped since the start.
  uint64_t dropped() const;

 private:
  void Append(const spdlog::details::log_msg& message) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void AppendDropped() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // The writer's thread.
  void WriteBatches();
  std::string TakeBatch();
  void WriteAll(absl::string_view bytes);
  bool WaitUntilWritable();

  const Options options_;
  const size_t chunk_bytes_;  // what one write takes without blocking, once poll has said so
  mutable policy::Mutex mutex_;
  std::condition_variable_any wake_;
  std::unique_ptr<spdlog::formatter> formatter_ ABSL_GUARDED_BY(mutex_);
  std::string waiting_ ABSL_GUARDED_BY(mutex_);
  uint64_t dropped_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t dropped_untold_ ABSL_GUARDED_BY(mutex_) = 0;
  bool urgent_ ABSL_GUARDED_BY(mutex_) = false;
  bool closing_ ABSL_GUARDED_BY(mutex_) = false;
  ovpn::SteadyTime close_deadline_ ABSL_GUARDED_BY(mutex_);
  std::thread writer_;
};

}  // namespace ovpnbroker::server
