#include "server/admin/status_services.h"

#include "server/admin/list_page.h"
#include "server/admin/status_codec.h"

namespace ovpnbroker::server {
namespace {

namespace v1 = admin::v1;

}  // namespace

grpc::ServerUnaryReactor* BrokerService::GetBroker(grpc::CallbackServerContext* call,
                                                   const v1::GetBrokerRequest* request,
                                                   v1::GetBrokerResponse* response) {
  return AnswerOnLoop(context_, *call, request, response,
                      [this](const v1::GetBrokerRequest&, v1::GetBrokerResponse& result) {
                        *result.mutable_broker() = BrokerToProto(context_.broker.GetStatus());
                        return grpc::Status::OK;
                      });
}

grpc::ServerUnaryReactor* PolicyAdminService::ListPolicies(grpc::CallbackServerContext* call,
                                                           const v1::ListPoliciesRequest* request,
                                                           v1::ListPoliciesResponse* response) {
  return AnswerOnLoop(
      context_, *call, request, response,
      [this](const v1::ListPoliciesRequest& copy, v1::ListPoliciesResponse& result) {
        return AnswerPage(context_.broker.ListPolicies(), copy, result,
                          [&result](const PolicyStatus& status) {
                            *result.add_policies() = PolicyToProto(status);
                          });
      });
}

}  // namespace ovpnbroker::server
