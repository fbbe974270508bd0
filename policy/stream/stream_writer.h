// What waits to be written on one gRPC stream: two bounded lanes of which one message at a time is
// with gRPC. The first lane carries what decides about clients and may not lose anything; the
// second carries events, goes behind it, and drops its oldest when it is full. Knows no gRPC
// itself: the reactor that owns it asks for the next message and reports its end, under its own
// lock. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <utility>

#include "ovpn/base/clock.h"

namespace ovpnbroker::policy {

template <typename Message>
class StreamWriter {
 public:
  // How many messages may wait in each lane; one at least.
  StreamWriter(size_t capacity, size_t event_capacity)
      : capacity_(capacity), event_capacity_(event_capacity) {}

  // First lane. False when it is full or closed; the message is dropped then.
  bool Push(Message message) {
    if (closed_ || queue_.size() >= capacity_) return false;
    queue_.push_back(std::move(message));
    return true;
  }

  // Second lane: written when the first is empty. A full lane drops its oldest and counts it. False
  // when closed; the message is dropped then and not counted, since nobody will read on.
  bool PushEvent(Message message) {
    if (closed_) return false;
    if (events_.size() >= event_capacity_) {
      events_.pop_front();
      ++dropped_events_;
    }
    events_.push_back(std::move(message));
    return true;
  }

  // Whether more waits behind the message that is with gRPC.
  bool more() const { return !queue_.empty() || !events_.empty(); }

  // The message to hand to gRPC now, valid until EndWrite; null while one is with gRPC or none
  // waits.
  const Message* BeginWrite(ovpn::SteadyTime now) {
    if (write_start_time_.has_value()) return nullptr;
    std::deque<Message>& lane = queue_.empty() ? events_ : queue_;
    if (lane.empty()) return nullptr;
    current_ = std::move(lane.front());
    lane.pop_front();
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
    events_.clear();
  }

  bool writing() const { return write_start_time_.has_value(); }
  bool idle() const { return !writing() && !more(); }
  size_t queued_events() const { return events_.size(); }
  // Since the stream began.
  uint64_t dropped_events() const { return dropped_events_; }
  // Since when the current message has been with gRPC: a long time means a peer that does not read.
  std::optional<ovpn::SteadyTime> write_start_time() const { return write_start_time_; }

 private:
  const size_t capacity_;
  const size_t event_capacity_;
  std::deque<Message> queue_;
  std::deque<Message> events_;
  uint64_t dropped_events_ = 0;
  Message current_;
  std::optional<ovpn::SteadyTime> write_start_time_;
  bool closed_ = false;
};

}  // namespace ovpnbroker::policy
