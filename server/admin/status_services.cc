#include "server/admin/status_services.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/admin/page.h"
#include "server/admin/rpc_error.h"
#include "server/admin/status_codec.h"

namespace ovpnbroker::server {
namespace {

namespace v1 = admin::v1;

// Adds one page of `items` (values with a unique `name`, in a fixed order) to the response.
template <typename Item, typename Request, typename Response, typename Add>
grpc::Status AnswerPage(const std::vector<Item>& items, const Request& request, Response& response,
                        Add add) {
  PageRequest page;
  grpc::Status status =
      ParsePageRequest(request.page_size(), request.page_token(), /*scope=*/"", page);
  if (!status.ok()) return status;
  auto next = items.begin();
  if (!page.after.empty()) {
    next = std::find_if(items.begin(), items.end(),
                        [&page](const Item& item) { return item.name == page.after; });
    // A reload took the item away: the rest of the list has no beginning any more.
    if (next == items.end()) {
      return InvalidField("page_token", "PAGE_TOKEN_INVALID", "the configuration has changed");
    }
    ++next;
  }
  for (size_t count = 0; next != items.end() && count < page.size; ++count) add(*next++);
  if (next != items.end()) response.set_next_page_token(MakePageToken((next - 1)->name, ""));
  return grpc::Status::OK;
}

grpc::Status FindInstance(const BrokerControl& broker, const std::string& name,
                          v1::GetInstanceResponse& response) {
  if (name.empty()) return InvalidField("name", "NAME_MISSING", "must be set");
  const std::vector<InstanceStatus> instances = broker.ListInstances();
  const auto found =
      std::find_if(instances.begin(), instances.end(),
                   [&name](const InstanceStatus& status) { return status.name == name; });
  if (found == instances.end()) {
    return RpcError(grpc::StatusCode::NOT_FOUND, "INSTANCE_NOT_FOUND",
                    absl::StrCat("no instance is called ", name), {{"instance", name}});
  }
  *response.mutable_instance() = InstanceToProto(*found);
  return grpc::Status::OK;
}

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

grpc::ServerUnaryReactor* InstanceService::GetInstance(grpc::CallbackServerContext* call,
                                                       const v1::GetInstanceRequest* request,
                                                       v1::GetInstanceResponse* response) {
  return AnswerOnLoop(context_, *call, request, response,
                      [this](const v1::GetInstanceRequest& copy, v1::GetInstanceResponse& result) {
                        return FindInstance(context_.broker, copy.name(), result);
                      });
}

grpc::ServerUnaryReactor* InstanceService::ListInstances(grpc::CallbackServerContext* call,
                                                         const v1::ListInstancesRequest* request,
                                                         v1::ListInstancesResponse* response) {
  return AnswerOnLoop(
      context_, *call, request, response,
      [this](const v1::ListInstancesRequest& copy, v1::ListInstancesResponse& result) {
        return AnswerPage(context_.broker.ListInstances(), copy, result,
                          [&result](const InstanceStatus& status) {
                            *result.add_instances() = InstanceToProto(status);
                          });
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
