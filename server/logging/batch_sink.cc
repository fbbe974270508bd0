#include "server/logging/batch_sink.h"

#include <limits.h>
#include <poll.h>
#include <spdlog/details/log_msg.h>
#include <spdlog/pattern_formatter.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"

namespace ovpnbroker::server {
namespace {

// How often the writer looks whether it has to end while nobody reads.
constexpr int kPollMs = 100;
constexpr size_t kFileChunkBytes = 64 * 1024;
constexpr absl::string_view kColourEnd = "\033[m";

// A pipe or terminal that poll calls writable takes this much without blocking; a file never
// blocks.
size_t ChunkBytes(int fd) {
  struct stat status = {};
  return fstat(fd, &status) == 0 && S_ISREG(status.st_mode) ? kFileChunkBytes : PIPE_BUF;
}

absl::string_view ColourOf(spdlog::level::level_enum level) {
  switch (level) {
    case spdlog::level::debug:
    case spdlog::level::trace:
      return "\033[2m";
    case spdlog::level::info:
      return "\033[32m";
    case spdlog::level::warn:
      return "\033[33m\033[1m";
    default:
      return "\033[31m\033[1m";
  }
}

}  // namespace

BatchSink::BatchSink(Options options)
    : options_(std::move(options)),
      chunk_bytes_(ChunkBytes(options_.fd)),
      writer_([this] { WriteBatches(); }) {}

BatchSink::~BatchSink() {
  {
    const policy::MutexLock lock(mutex_);
    closing_ = true;
    close_deadline_ = std::chrono::steady_clock::now() + options_.close_timeout;
  }
  wake_.notify_one();
  writer_.join();
}

void BatchSink::log(const spdlog::details::log_msg& message) {
  bool wake = false;
  {
    const policy::MutexLock lock(mutex_);
    const bool urgent = message.level >= spdlog::level::err && !urgent_;
    wake = waiting_.empty() || urgent;
    urgent_ = urgent_ || urgent;
    Append(message);
  }
  if (wake) wake_.notify_one();
}

void BatchSink::Append(const spdlog::details::log_msg& message) {
  spdlog::memory_buf_t line;
  formatter_->format(message, line);
  if (waiting_.size() + line.size() > options_.max_waiting_bytes) {
    ++dropped_;
    ++dropped_untold_;
    return;
  }
  if (dropped_untold_ > 0) AppendDropped();
  if (!options_.colours || message.color_range_end <= message.color_range_start) {
    waiting_.append(line.data(), line.size());
    return;
  }
  const absl::string_view text(line.data(), line.size());
  absl::StrAppend(
      &waiting_, text.substr(0, message.color_range_start), ColourOf(message.level),
      text.substr(message.color_range_start, message.color_range_end - message.color_range_start),
      kColourEnd, text.substr(message.color_range_end));
}

void BatchSink::AppendDropped() {
  const std::string body = options_.describe_dropped(std::exchange(dropped_untold_, 0));
  const spdlog::details::log_msg message("", spdlog::level::warn,
                                         spdlog::string_view_t(body.data(), body.size()));
  spdlog::memory_buf_t line;
  formatter_->format(message, line);
  waiting_.append(line.data(), line.size());
}

void BatchSink::flush() {
  {
    const policy::MutexLock lock(mutex_);
    urgent_ = true;
  }
  wake_.notify_one();
}

void BatchSink::set_pattern(const std::string& pattern) {
  set_formatter(std::make_unique<spdlog::pattern_formatter>(pattern));
}

void BatchSink::set_formatter(std::unique_ptr<spdlog::formatter> formatter) {
  const policy::MutexLock lock(mutex_);
  formatter_ = std::move(formatter);
}

uint64_t BatchSink::dropped() const {
  const policy::MutexLock lock(mutex_);
  return dropped_;
}

void BatchSink::WriteBatches() {
  while (true) {
    const std::string batch = TakeBatch();
    if (batch.empty()) return;
    WriteAll(batch);
  }
}

// Waits for lines and then for more of them; "" once the sink closes and nothing is left.
std::string BatchSink::TakeBatch() {
  const policy::MutexLock lock(mutex_);
  while (waiting_.empty() && !closing_) wake_.wait(mutex_);
  const ovpn::SteadyTime full = std::chrono::steady_clock::now() + options_.batch_interval;
  while (!closing_ && !urgent_ && wake_.wait_until(mutex_, full) == std::cv_status::no_timeout) {
  }
  urgent_ = false;
  if (waiting_.empty() && dropped_untold_ > 0) AppendDropped();
  return std::exchange(waiting_, {});
}

void BatchSink::WriteAll(absl::string_view bytes) {
  while (!bytes.empty() && WaitUntilWritable()) {
    const ssize_t written = write(options_.fd, bytes.data(), std::min(bytes.size(), chunk_bytes_));
    if (written > 0) {
      bytes.remove_prefix(static_cast<size_t>(written));
    } else if (errno != EINTR && errno != EAGAIN) {
      return;  // a disk that is full, a closed pipe: there is nowhere to say it
    }
  }
}

// False when the sink closes and its patience with the reader is over.
bool BatchSink::WaitUntilWritable() {
  while (true) {
    pollfd descriptor = {options_.fd, POLLOUT, 0};
    if (poll(&descriptor, 1, kPollMs) > 0) return true;
    const policy::MutexLock lock(mutex_);
    if (closing_ && std::chrono::steady_clock::now() >= close_deadline_) return false;
  }
}

}  // namespace ovpnbroker::server
