// ovpnbroker.admin.v1.DecisionService: the last decisions, from the broker's history, and those
// that are not finished, from its engine. Owned by AdminServer; gRPC's threads call it, the work is
// done on the loop.
#pragma once

#include "ovpnbroker/admin/v1/decision_service.grpc.pb.h"
#include "policy/decision_record.h"
#include "server/admin/loop_call.h"

namespace ovpnbroker::server {

class DecisionService final : public admin::v1::DecisionService::CallbackService {
 public:
  explicit DecisionService(AdminContext& context) : context_(context) {}

  grpc::ServerUnaryReactor* GetDecision(grpc::CallbackServerContext* call,
                                        const admin::v1::GetDecisionRequest* request,
                                        admin::v1::GetDecisionResponse* response) override;
  grpc::ServerUnaryReactor* ListDecisions(grpc::CallbackServerContext* call,
                                          const admin::v1::ListDecisionsRequest* request,
                                          admin::v1::ListDecisionsResponse* response) override;
  grpc::ServerUnaryReactor* ListOpenDecisions(
      grpc::CallbackServerContext* call, const admin::v1::ListOpenDecisionsRequest* request,
      admin::v1::ListOpenDecisionsResponse* response) override;

 private:
  AdminContext& context_;
};

// A record as operators see it. Foreign text is made valid UTF-8. Any thread.
// `open`: no answer was given yet.
admin::v1::Decision DecisionToProto(const policy::DecisionRecord& record, bool open = false);

}  // namespace ovpnbroker::server
