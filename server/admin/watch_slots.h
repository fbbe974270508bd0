// How many streams (watches, followers of the log, recordings) of one listener may be open: each
// costs memory and is told of every change, for as long as its caller likes. Thread-safe; outlives
// its slots.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

namespace ovpnbroker::server {

class WatchSlots {
  struct GiveBack {
    void operator()(WatchSlots* slots) const { --slots->taken_; }
  };

 public:
  // One open stream; gives its place back when it goes.
  using Slot = std::unique_ptr<WatchSlots, GiveBack>;

  explicit WatchSlots(uint32_t limit) : limit_(limit) {}

  // Null when as many as the limit are open.
  Slot Take() {
    if (++taken_ <= limit_) return Slot(this);
    --taken_;
    return nullptr;
  }
  // Streams that are open stay so.
  void SetLimit(uint32_t limit) { limit_ = limit; }
  uint32_t limit() const { return limit_; }

 private:
  std::atomic<uint32_t> limit_;
  std::atomic<uint32_t> taken_ = 0;
};

}  // namespace ovpnbroker::server
