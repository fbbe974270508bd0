// ovpnbroker.admin.v1.ShadowService: what the shadow policies would have decided. Owned by
// AdminServer; gRPC's threads call it, the work is done on the loop.
#pragma once

#include "ovpnbroker/admin/v1/shadow_service.grpc.pb.h"
#include "server/admin/loop_call.h"

namespace ovpnbroker::server {

class ShadowService final : public admin::v1::ShadowService::CallbackService {
 public:
  explicit ShadowService(AdminContext& context) : context_(context) {}

  grpc::ServerUnaryReactor* ListShadows(grpc::CallbackServerContext* call,
                                        const admin::v1::ListShadowsRequest* request,
                                        admin::v1::ListShadowsResponse* response) override;
  grpc::ServerUnaryReactor* ListShadowDifferences(
      grpc::CallbackServerContext* call, const admin::v1::ListShadowDifferencesRequest* request,
      admin::v1::ListShadowDifferencesResponse* response) override;

 private:
  AdminContext& context_;
};

}  // namespace ovpnbroker::server
