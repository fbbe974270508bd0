// BrokerService and PolicyAdminService. Owned by
// AdminServer; gRPC's threads call them, the work is done on the loop.
#pragma once

#include "ovpnbroker/admin/v1/broker_service.grpc.pb.h"
#include "ovpnbroker/admin/v1/policy_admin_service.grpc.pb.h"
#include "server/admin/loop_call.h"

namespace ovpnbroker::server {

class BrokerService final : public admin::v1::BrokerService::CallbackService {
 public:
  explicit BrokerService(AdminContext& context) : context_(context) {}

  grpc::ServerUnaryReactor* GetBroker(grpc::CallbackServerContext* call,
                                      const admin::v1::GetBrokerRequest* request,
                                      admin::v1::GetBrokerResponse* response) override;

 private:
  AdminContext& context_;
};

class PolicyAdminService final : public admin::v1::PolicyAdminService::CallbackService {
 public:
  explicit PolicyAdminService(AdminContext& context) : context_(context) {}

  grpc::ServerUnaryReactor* ListPolicies(grpc::CallbackServerContext* call,
                                         const admin::v1::ListPoliciesRequest* request,
                                         admin::v1::ListPoliciesResponse* response) override;

 private:
  AdminContext& context_;
};

}  // namespace ovpnbroker::server
