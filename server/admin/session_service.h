// ovpnbroker.admin.v1.SessionService: checks requests, asks BrokerControl, pages and filters. Owned
// by AdminServer; gRPC's threads call it, the work is done on the loop.
#pragma once

#include "ovpnbroker/admin/v1/session_service.grpc.pb.h"
#include "server/admin/loop_call.h"
#include "server/admin/session_watch.h"

namespace ovpnbroker::server {

class SessionService final : public admin::v1::SessionService::CallbackService {
 public:
  explicit SessionService(AdminContext& context) : context_(context) {}

  grpc::ServerUnaryReactor* GetSession(grpc::CallbackServerContext* call,
                                       const admin::v1::GetSessionRequest* request,
                                       admin::v1::GetSessionResponse* response) override;
  grpc::ServerUnaryReactor* ListSessions(grpc::CallbackServerContext* call,
                                         const admin::v1::ListSessionsRequest* request,
                                         admin::v1::ListSessionsResponse* response) override;
  grpc::ServerWriteReactor<admin::v1::WatchSessionsResponse>* WatchSessions(
      grpc::CallbackServerContext* call, const admin::v1::WatchSessionsRequest* request) override;
  grpc::ServerUnaryReactor* KillSession(grpc::CallbackServerContext* call,
                                        const admin::v1::KillSessionRequest* request,
                                        admin::v1::KillSessionResponse* response) override;
  grpc::ServerUnaryReactor* KillSessions(grpc::CallbackServerContext* call,
                                         const admin::v1::KillSessionsRequest* request,
                                         admin::v1::KillSessionsResponse* response) override;

 private:
  AdminContext& context_;
  SessionWatches watches_;  // loop thread
};

}  // namespace ovpnbroker::server
