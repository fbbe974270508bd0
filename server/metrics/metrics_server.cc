#include "server/metrics/metrics_server.h"

#include <prometheus/text_serializer.h>

#include <sstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "ovpn/base/status_macros.h"
#include "server/metrics/metric_batch.h"

namespace ovpnbroker::server {
namespace {

constexpr int kUnavailable = 503;

std::string StuckLine(const SnapshotExchange::Result& result) {
  return absl::StrCat("the loop does not answer; it was last seen ",
                      std::chrono::duration_cast<std::chrono::seconds>(result.age).count(),
                      " s ago\n");
}

}  // namespace

absl::StatusOr<std::unique_ptr<MetricsServer>> MetricsServer::Start(
    asio::io_context& loop, const std::string& address, std::function<MetricsSnapshot()> collect,
    ovpn::Duration timeout) {
  std::unique_ptr<MetricsServer> server(new MetricsServer(loop, std::move(collect), timeout));
  MetricsServer* const self = server.get();
  ASSIGN_OR_RETURN(
      server->listener_,
      HttpListener::Start(address, {{"/metrics", [self] { return self->Metrics(); }},
                                    {"/healthz", [self] { return self->Health(); }},
                                    {"/readyz", [self] { return self->Readiness(); }}}));
  return server;
}

MetricsServer::~MetricsServer() {
  // The loop's thread is here: nobody may wait for it.
  exchange_.Close();
  listener_.reset();
}

HttpPage MetricsServer::Metrics() {
  const SnapshotExchange::Result result = exchange_.Get();
  MetricBatch batch;
  batch.Set(Metric::kLoopResponsive, {}, result.fresh ? 1.0 : 0.0);
  batch.Set(Metric::kSnapshotAge, {}, std::chrono::duration<double>(result.age).count());
  std::ostringstream text;
  const prometheus::TextSerializer serializer;
  serializer.Serialize(text, std::move(batch).Take());
  serializer.Serialize(text, result.snapshot->families);
  return {.content_type = "text/plain; version=0.0.4; charset=utf-8", .body = text.str()};
}

HttpPage MetricsServer::Health() {
  const SnapshotExchange::Result result = exchange_.Get();
  if (!result.fresh) return {.status = kUnavailable, .body = StuckLine(result)};
  return {.body = "ok\n"};
}

HttpPage MetricsServer::Readiness() {
  const SnapshotExchange::Result result = exchange_.Get();
  if (!result.fresh) return {.status = kUnavailable, .body = StuckLine(result)};
  if (result.snapshot->not_ready.empty()) return {.body = "ready\n"};
  std::string body;
  for (const std::string& reason : result.snapshot->not_ready) absl::StrAppend(&body, reason, "\n");
  return {.status = kUnavailable, .body = std::move(body)};
}

}  // namespace ovpnbroker::server
