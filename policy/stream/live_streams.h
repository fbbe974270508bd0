// Counts the calls that gRPC has not finished with, so that whoever stops can wait for them. Shared
// by a policy and its streams; thread-safe.
#pragma once

#include <condition_variable>

#include "ovpn/base/clock.h"
#include "policy/stream/mutex.h"

namespace ovpnbroker::policy {

class LiveStreams {
 public:
  void Enter() {
    MutexLock lock(mutex_);
    ++count_;
  }

  void Leave() {
    MutexLock lock(mutex_);
    --count_;
    changed_.notify_all();
  }

  // False when some are left after `timeout`. Blocks; not from a gRPC thread.
  bool WaitUntilNone(ovpn::Duration timeout) {
    const auto deadline = std::chrono::steady_clock::now() + timeout;
    MutexLock lock(mutex_);
    while (count_ > 0) {
      if (changed_.wait_until(mutex_, deadline) == std::cv_status::timeout) return count_ == 0;
    }
    return true;
  }

 private:
  Mutex mutex_;
  std::condition_variable_any changed_;
  int count_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace ovpnbroker::policy
