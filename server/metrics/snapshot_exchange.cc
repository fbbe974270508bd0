#include "server/metrics/snapshot_exchange.h"

#include <asio/post.hpp>
#include <chrono>
#include <condition_variable>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "policy/stream/mutex.h"

namespace ovpnbroker::server {

struct SnapshotExchange::Shared {
  explicit Shared(std::function<MetricsSnapshot()> take) : collect(std::move(take)) {}

  void Take() {
    auto snapshot = std::make_shared<const MetricsSnapshot>(collect());
    {
      const policy::MutexLock lock(mutex);
      last = std::move(snapshot);
      time = std::chrono::steady_clock::now();
      requested = false;
      ++taken;
    }
    wake.notify_all();
  }

  const std::function<MetricsSnapshot()> collect;  // loop thread
  policy::Mutex mutex;
  std::condition_variable_any wake;
  std::shared_ptr<const MetricsSnapshot> last ABSL_GUARDED_BY(mutex);
  ovpn::SteadyTime time ABSL_GUARDED_BY(mutex);
  uint64_t taken ABSL_GUARDED_BY(mutex) = 0;
  bool requested ABSL_GUARDED_BY(mutex) = false;
  bool closed ABSL_GUARDED_BY(mutex) = false;
};

SnapshotExchange::SnapshotExchange(asio::io_context& loop, std::function<MetricsSnapshot()> collect,
                                   ovpn::Duration timeout)
    : loop_(loop), timeout_(timeout), shared_(std::make_shared<Shared>(std::move(collect))) {
  shared_->Take();
}

SnapshotExchange::~SnapshotExchange() = default;

SnapshotExchange::Result SnapshotExchange::Get() {
  const ovpn::SteadyTime deadline = std::chrono::steady_clock::now() + timeout_;
  const policy::MutexLock lock(shared_->mutex);
  if (!shared_->closed && !std::exchange(shared_->requested, true)) {
    // The exchange lives on the loop's thread, so it cannot go while the task runs.
    asio::post(loop_, [weak = std::weak_ptr<Shared>(shared_)] {
      if (const std::shared_ptr<Shared> shared = weak.lock()) shared->Take();
    });
  }
  const uint64_t seen = shared_->taken;
  while (shared_->taken == seen && !shared_->closed &&
         shared_->wake.wait_until(shared_->mutex, deadline) == std::cv_status::no_timeout) {
  }
  return {shared_->last, std::chrono::steady_clock::now() - shared_->time, shared_->taken != seen};
}

void SnapshotExchange::Close() {
  {
    const policy::MutexLock lock(shared_->mutex);
    shared_->closed = true;
  }
  shared_->wake.notify_all();
}

}  // namespace ovpnbroker::server
