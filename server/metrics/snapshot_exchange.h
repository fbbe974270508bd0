// How HTTP threads get values that only the loop may read: they ask, the loop takes a snapshot, and
// whoever waits gets it. A loop that does not answer in time costs nobody more than the wait: the
// last snapshot is given then and said to be old. However many ask, at most one task waits in the
// loop. Made and destroyed on the loop thread; Get is for any other thread.
#pragma once

#include <prometheus/metric_family.h>

#include <asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ovpn/base/clock.h"

namespace ovpnbroker::server {

// What monitoring sees of the broker at one time.
struct MetricsSnapshot {
  std::vector<prometheus::MetricFamily> families;
  std::vector<std::string> not_ready;  // why new clients would get no verdict; empty: ready
};

class SnapshotExchange {
 public:
  static constexpr std::chrono::seconds kTimeout{1};

  struct Result {
    std::shared_ptr<const MetricsSnapshot> snapshot;  // never null
    ovpn::Duration age{};
    bool fresh = false;  // taken since it was asked for
  };

  // Takes the first snapshot at once. `collect` is called on the loop thread.
  SnapshotExchange(asio::io_context& loop, std::function<MetricsSnapshot()> collect,
                   ovpn::Duration timeout = kTimeout);
  // Nobody may be in Get any more: see Close.
  ~SnapshotExchange();
  SnapshotExchange(const SnapshotExchange&) = delete;
  SnapshotExchange& operator=(const SnapshotExchange&) = delete;

  // Waits for the loop, not longer than the timeout.
  Result Get();
  // From now on Get does not wait. Any thread.
  void Close();

 private:
  struct Shared;

  asio::io_context& loop_;
  const ovpn::Duration timeout_;
  const std::shared_ptr<Shared> shared_;
};

}  // namespace ovpnbroker::server
