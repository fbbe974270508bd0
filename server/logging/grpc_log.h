// gRPC's own log lines, which would go to standard error as they are, through the broker's logger.
#pragma once

#include "ovpn/base/log.h"

namespace ovpnbroker::server {

// Sends gRPC's lines to `logger` as GRPC_LOG for as long as this lives; `logger` must outlive it,
// and every gRPC thread must have ended before it goes. One at a time, made before the first use of
// gRPC.
class GrpcLogRouting {
 public:
  explicit GrpcLogRouting(ovpn::Logger& logger);
  ~GrpcLogRouting();
  GrpcLogRouting(const GrpcLogRouting&) = delete;
  GrpcLogRouting& operator=(const GrpcLogRouting&) = delete;
};

}  // namespace ovpnbroker::server
