#include "server/admin/recording_service.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "server/admin/rpc_error.h"
#include "server/admin/watch_reactor.h"
#include "server/recording_desk.h"

namespace ovpnbroker::server {
namespace {

namespace v1 = admin::v1;
using RecordingWatch = std::shared_ptr<Watch<v1::RecordDecisionsResponse>>;

bool HasInstance(const BrokerControl& broker, const std::string& name) {
  const std::vector<InstanceStatus> instances = broker.ListInstances();
  return std::any_of(instances.begin(), instances.end(),
                     [&name](const InstanceStatus& status) { return status.name == name; });
}

void Begin(BrokerControl& broker, const v1::RecordDecisionsRequest& request,
           const RecordingWatch& watch) {
  if (!request.instance().empty() && !HasInstance(broker, request.instance())) {
    return watch->Finish(InstanceNotFound(request.instance()));
  }
  RecordingDesk& desk = broker.recordings();
  const auto missed = std::make_shared<uint64_t>(0);
  const uint64_t listener = desk.AddListener(
      request.instance(),
      [watch, missed](const std::shared_ptr<const v1::RecordedDecision>& decision) {
        if (watch->waiting() >= RecordingService::kMaxWaiting) {
          ++*missed;
          return;
        }
        v1::RecordDecisionsResponse response;
        *response.mutable_decision() = *decision;
        response.set_missed(std::exchange(*missed, 0));
        watch->Write(std::move(response));
      });
  watch->SetListener([] {}, [&desk, listener] { desk.RemoveListener(listener); });
  // Ended already: on_end may have gone before the listener was set.
  if (watch->ended()) desk.RemoveListener(listener);
}

}  // namespace

grpc::ServerWriteReactor<v1::RecordDecisionsResponse>* RecordingService::RecordDecisions(
    grpc::CallbackServerContext* call, const v1::RecordDecisionsRequest* request) {
  return WatchOnLoop<v1::RecordDecisionsRequest, v1::RecordDecisionsResponse>(
      context_, call, request,
      [this](const v1::RecordDecisionsRequest& copy, const RecordingWatch& watch) {
        Begin(context_.broker, copy, watch);
      });
}

}  // namespace ovpnbroker::server
