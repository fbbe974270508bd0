// ListSessions: one page, filtered and sorted. Loop thread only.
#pragma once

#include <grpcpp/support/status.h>

#include "ovpnbroker/admin/v1/session_service.pb.h"
#include "server/broker_control.h"

namespace ovpnbroker::server {

// Without the watch_token.
grpc::Status ListSessionsPage(const BrokerControl& broker,
                              const admin::v1::ListSessionsRequest& request,
                              admin::v1::ListSessionsResponse& response);

}  // namespace ovpnbroker::server
