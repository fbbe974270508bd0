// What monitoring reads over HTTP: /metrics, /healthz and /readyz. Owned by the broker; made and
// destroyed on the loop thread, the pages are made on the listener's threads.
#pragma once

#include <asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "server/metrics/http_listener.h"
#include "server/metrics/snapshot_exchange.h"

namespace ovpnbroker::server {

class MetricsServer {
 public:
  // `collect` is called on the loop thread for each scrape, and now. FAILED_PRECONDITION when
  // `address` cannot be listened on.
  static absl::StatusOr<std::unique_ptr<MetricsServer>> Start(
      asio::io_context& loop, const std::string& address, std::function<MetricsSnapshot()> collect,
      ovpn::Duration timeout = SnapshotExchange::kTimeout);
  ~MetricsServer();

  int port() const { return listener_->port(); }

 private:
  MetricsServer(asio::io_context& loop, std::function<MetricsSnapshot()> collect,
                ovpn::Duration timeout)
      : exchange_(loop, std::move(collect), timeout) {}

  HttpPage Metrics();
  HttpPage Health();
  HttpPage Readiness();

  SnapshotExchange exchange_;
  std::unique_ptr<HttpListener> listener_;
};

}  // namespace ovpnbroker::server
