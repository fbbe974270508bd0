// PolicyAdminService: who decides, and what it would decide. Owned by AdminServer; gRPC's
// threads call it, the work is done on the loop.
#pragma once

#include "ovpnbroker/admin/v1/policy_admin_service.grpc.pb.h"
#include "server/admin/loop_call.h"

namespace ovpnbroker::server {

class PolicyAdminService final : public admin::v1::PolicyAdminService::CallbackService {
 public:
  explicit PolicyAdminService(AdminContext& context) : context_(context) {}

  grpc::ServerUnaryReactor* ListPolicies(grpc::CallbackServerContext* call,
                                         const admin::v1::ListPoliciesRequest* request,
                                         admin::v1::ListPoliciesResponse* response) override;
  grpc::ServerUnaryReactor* GetPolicy(grpc::CallbackServerContext* call,
                                      const admin::v1::GetPolicyRequest* request,
                                      admin::v1::GetPolicyResponse* response) override;
  grpc::ServerUnaryReactor* DrainPolicyReplica(
      grpc::CallbackServerContext* call, const admin::v1::DrainPolicyReplicaRequest* request,
      admin::v1::DrainPolicyReplicaResponse* response) override;
  grpc::ServerUnaryReactor* ResumePolicyReplica(
      grpc::CallbackServerContext* call, const admin::v1::ResumePolicyReplicaRequest* request,
      admin::v1::ResumePolicyReplicaResponse* response) override;
  grpc::ServerUnaryReactor* EvaluateDecision(
      grpc::CallbackServerContext* call, const admin::v1::EvaluateDecisionRequest* request,
      admin::v1::EvaluateDecisionResponse* response) override;

 private:
  AdminContext& context_;
};

}  // namespace ovpnbroker::server
