// What waits to be written on one gRPC stream: a bounded queue of which one message at a time is
// with gRPC. Knows no gRPC itself: the reactor that owns it asks for the next message and reports
// its end, under its own lock. Not thread-safe.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <utility>

#include "ovpn/base/clock.h"

namespace ovpnbroker::policy {

template <typename Message>
class StreamWriter {
 public:
  explicit StreamWriter(size_t capacity) : capacity_(capacity) {}

  // False when the queue is full or closed; the message is dropped then.
  bool Push(Message message) {
    if (closed_ || queue_.size() >= capacity_) return false;
    queue_.push_back(std::move(message));
    return true;
  }

  // The message to hand to gRPC now, valid until EndWrite; null while one is with gRPC or none
  // waits.
  const Message* BeginWrite(ovpn::SteadyTime now) {
    if (write_start_time_.has_value() || queue_.empty()) return nullptr;
    current_ = std::move(queue_.front());
    queue_.pop_front();
    write_start_time_ = now;
    return &current_;
  }

  // gRPC took the message, or the stream is broken (`ok` false) and nothing more will be written.
  void EndWrite(bool ok) {
    write_start_time_.reset();
    if (!ok) Abort();
  }

  // Takes no more messages; those that wait are still written.
  void Close() { closed_ = true; }
  // Takes no more and forgets those that wait.
  void Abort() {
    closed_ = true;
    queue_.clear();
  }

  bool writing() const { return write_start_time_.has_value(); }
  bool idle() const { return !writing() && queue_.empty(); }
  // Since when the current message has been with gRPC: a long time means a peer that does not read.
  std::optional<ovpn::SteadyTime> write_start_time() const { return write_start_time_; }

 private:
  const size_t capacity_;
  std::deque<Message> queue_;
  Message current_;
  std::optional<ovpn::SteadyTime> write_start_time_;
  bool closed_ = false;
};

}  // namespace ovpnbroker::policy
