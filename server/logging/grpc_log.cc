#include "server/logging/grpc_log.h"

#include <grpc/support/log.h>

#include <atomic>

#include "absl/strings/str_cat.h"

namespace ovpnbroker::server {
namespace {

// gRPC takes a plain function without an argument of ours.
std::atomic<ovpn::Logger*> g_logger{nullptr};

// gRPC calls an unreachable peer an error; the broker tells that in its own words, so nothing here
// is more than a warning.
ovpn::LogLevel LevelOf(gpr_log_severity severity) {
  return severity == GPR_LOG_SEVERITY_ERROR ? ovpn::LogLevel::kWarning : ovpn::LogLevel::kDebug;
}

void Forward(gpr_log_func_args* line) {
  ovpn::Logger* logger = g_logger.load();
  if (logger == nullptr || !logger->Enabled(LevelOf(line->severity))) return;
  const ovpn::LogField source("source", absl::StrCat(line->file, ":", line->line));
  logger->Write(LevelOf(line->severity), "GRPC_LOG", line->message, {&source, 1});
}

}  // namespace

GrpcLogRouting::GrpcLogRouting(ovpn::Logger& logger) {
  g_logger = &logger;
  gpr_set_log_function(&Forward);
}

GrpcLogRouting::~GrpcLogRouting() {
  gpr_set_log_function(nullptr);
  g_logger = nullptr;
}

}  // namespace ovpnbroker::server
