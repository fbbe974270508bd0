// BrokerService: the broker itself and its configuration. Owned by AdminServer; gRPC's
// threads call it, the work is done on the loop.
#pragma once

#include "ovpnbroker/admin/v1/broker_service.grpc.pb.h"
#include "server/admin/loop_call.h"

namespace ovpnbroker::server {

class BrokerService final : public admin::v1::BrokerService::CallbackService {
 public:
  explicit BrokerService(AdminContext& context) : context_(context) {}

  grpc::ServerUnaryReactor* GetBroker(grpc::CallbackServerContext* call,
                                      const admin::v1::GetBrokerRequest* request,
                                      admin::v1::GetBrokerResponse* response) override;
  grpc::ServerUnaryReactor* GetConfig(grpc::CallbackServerContext* call,
                                      const admin::v1::GetConfigRequest* request,
                                      admin::v1::GetConfigResponse* response) override;
  grpc::ServerUnaryReactor* ReloadConfig(grpc::CallbackServerContext* call,
                                         const admin::v1::ReloadConfigRequest* request,
                                         admin::v1::ReloadConfigResponse* response) override;

 private:
  AdminContext& context_;
};

}  // namespace ovpnbroker::server
