#include "server/admin/instance_service.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/admin/duration_field.h"
#include "server/admin/kill_request.h"
#include "server/admin/list_page.h"
#include "server/admin/rpc_error.h"
#include "server/admin/status_codec.h"
#include "server/admin/watch_reactor.h"

namespace ovpnbroker::server {
namespace {

namespace v1 = admin::v1;

constexpr std::chrono::seconds kDefaultWait{10};
constexpr std::chrono::minutes kMaxWait{5};
constexpr std::chrono::hours kMaxDrain{168};
// Changes that a watcher may owe us before it is cut.
constexpr size_t kMaxWaitingChanges = 256;
constexpr char kDurationInvalid[] = "DURATION_INVALID";

std::optional<InstanceStatus> Find(const BrokerControl& broker, const std::string& name) {
  for (InstanceStatus& status : broker.ListInstances()) {
    if (status.name == name) return std::move(status);
  }
  return std::nullopt;
}

// GetInstanceResponse, and that of every verb.
template <typename Response>
grpc::Status Show(const BrokerControl& broker, const std::string& name, Response& response) {
  if (name.empty()) return InvalidField("name", "NAME_MISSING", "must be set");
  const auto found = Find(broker, name);
  if (!found.has_value()) return InstanceNotFound(name);
  *response.mutable_instance() = InstanceToProto(*found);
  return grpc::Status::OK;
}

grpc::Status ToStatus(const InstanceAnswer& answer, const BrokerControl& broker,
                      const std::string& name) {
  using Code = InstanceAnswer::Code;
  const auto precondition = [&](absl::string_view reason) {
    const auto status = Find(broker, name);
    const std::string state =
        status.has_value() ? std::string(ovpn::ToString(status->state)) : std::string();
    return FailedPrecondition(
        reason, absl::StrCat(name, ": ", answer.message), {{"instance", name}, {"state", state}},
        {{std::string(reason), absl::StrCat("instances/", name), answer.message}});
  };
  switch (answer.code) {
    case Code::kDone:
      return grpc::Status::OK;
    case Code::kNoInstance:
      return InstanceNotFound(name);
    case Code::kWrongState:
      return precondition("INSTANCE_STATE");
    case Code::kNothingToAttach:
      return precondition("NOTHING_TO_ATTACH");
    case Code::kNotDraining:
      return precondition("NOT_DRAINING");
    case Code::kStopping:
      return StoppingError();
  }
  return grpc::Status::OK;
}

// Fields that not every verb has.
template <typename Request>
grpc::Status ParseOrder(const Request& request, grpc::Status status, InstanceOrder& order) {
  if (!status.ok()) return status;
  order.instance = request.name();
  if constexpr (requires { request.wait(); }) {
    order.wait = kDefaultWait;
    if (request.has_wait()) {
      status = ParseDurationField(request.wait(), kMaxWait, "wait", kDurationInvalid, order.wait);
    }
  }
  if constexpr (requires { request.grace_period(); }) {
    if (status.ok() && request.has_grace_period()) {
      status = ParseDurationField(request.grace_period(), kMaxWait, "grace_period",
                                  kDurationInvalid, order.grace.emplace());
    }
  }
  return status;
}

template <typename Request, typename Response>
grpc::ServerUnaryReactor* HandleVerb(AdminContext& context, grpc::CallbackServerContext* call,
                                     const Request* request, Response* response,
                                     InstanceVerb verb) {
  return HandleOnLoop(
      context, *call, request, response,
      [&context, verb, deadline = call->deadline()](
          const Request& copy, const std::shared_ptr<LoopCall<Response>>& open_call) {
        if (copy.name().empty()) {
          return open_call->Finish(InvalidField("name", "NAME_MISSING", "must be set"));
        }
        InstanceOrder order;
        order.verb = verb;
        const grpc::Status status = ParseOrder(copy, CheckReason(copy.reason()), order);
        if (!status.ok()) return open_call->Finish(status);
        order.wait = WithinDeadline(order.wait, deadline);
        context.broker.instance_control().Order(
            order, [&context, open_call, name = copy.name()](const InstanceAnswer& answer) {
              Response result;
              grpc::Status outcome = ToStatus(answer, context.broker, name);
              if (outcome.ok()) outcome = Show(context.broker, name, result);
              open_call->Finish(outcome, std::move(result));
            });
      });
}

grpc::Status Drain(AdminContext& context, const v1::DrainInstanceRequest& request,
                   v1::DrainInstanceResponse& response) {
  if (request.name().empty()) return InvalidField("name", "NAME_MISSING", "must be set");
  grpc::Status status = CheckReason(request.reason());
  DrainOrder order{request.name(), request.reason()};
  if (status.ok() && request.has_end_after()) {
    status = ParseDurationField(request.end_after(), kMaxDrain, "end_after", kDurationInvalid,
                                order.end_after.emplace());
  }
  if (!status.ok()) return status;
  status = ToStatus(context.broker.instance_control().Drain(order), context.broker, request.name());
  return status.ok() ? Show(context.broker, request.name(), response) : status;
}

grpc::Status Undrain(AdminContext& context, const v1::UndrainInstanceRequest& request,
                     v1::UndrainInstanceResponse& response) {
  if (request.name().empty()) return InvalidField("name", "NAME_MISSING", "must be set");
  grpc::Status status = CheckReason(request.reason());
  if (!status.ok()) return status;
  status = ToStatus(context.broker.instance_control().Undrain(request.name()), context.broker,
                    request.name());
  return status.ok() ? Show(context.broker, request.name(), response) : status;
}

using InstanceWatch = std::shared_ptr<Watch<v1::WatchInstancesResponse>>;

// One reader. Loop thread only. Lives until its call ends.
class Watcher final : public std::enable_shared_from_this<Watcher> {
 public:
  Watcher(AdminContext& context, InstanceWatch watch)
      : broker_(context.broker), watch_(std::move(watch)) {}

  void Begin() {
    InstanceControl& control = broker_.instance_control();
    const auto self = shared_from_this();
    watch_->SetListener([] {}, [self] { self->End(); });
    // Ended already: the end may have gone before the listener was set.
    if (watch_->ended()) return;
    id_ = control.AddWatcher([self](const std::string& instance) { self->OnChanged(instance); });
    for (const InstanceStatus& status : broker_.ListInstances()) {
      Tell(v1::WatchInstancesResponse::KIND_CURRENT, &status);
    }
    Tell(v1::WatchInstancesResponse::KIND_CURRENT_COMPLETE, nullptr);
  }

 private:
  void End() { broker_.instance_control().RemoveWatcher(id_); }

  void OnChanged(const std::string& instance) {
    if (watch_->ended()) return End();
    if (watch_->waiting() > kMaxWaitingChanges) {
      End();
      return watch_->Cut(ReaderTooSlow(
          "instances", "READER_TOO_SLOW",
          absl::StrCat("more than ", kMaxWaitingChanges, " changes wait to be read")));
    }
    const auto status = Find(broker_, instance);
    if (status.has_value()) Tell(v1::WatchInstancesResponse::KIND_CHANGED, &*status);
  }

  void Tell(v1::WatchInstancesResponse::Kind kind, const InstanceStatus* status) {
    v1::WatchInstancesResponse message;
    message.set_kind(kind);
    if (status != nullptr) *message.mutable_instance() = InstanceToProto(*status);
    watch_->Write(std::move(message));
  }

  BrokerControl& broker_;
  const InstanceWatch watch_;
  uint64_t id_ = 0;
};

}  // namespace

grpc::ServerUnaryReactor* InstanceService::GetInstance(grpc::CallbackServerContext* call,
                                                       const v1::GetInstanceRequest* request,
                                                       v1::GetInstanceResponse* response) {
  return AnswerOnLoop(context_, *call, request, response,
                      [this](const v1::GetInstanceRequest& copy, v1::GetInstanceResponse& result) {
                        return Show(context_.broker, copy.name(), result);
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

grpc::ServerWriteReactor<v1::WatchInstancesResponse>* InstanceService::WatchInstances(
    grpc::CallbackServerContext* call, const v1::WatchInstancesRequest* request) {
  return WatchOnLoop<v1::WatchInstancesRequest, v1::WatchInstancesResponse>(
      context_, call, request,
      [this](const v1::WatchInstancesRequest&, const InstanceWatch& watch) {
        std::make_shared<Watcher>(context_, watch)->Begin();
      });
}

grpc::ServerUnaryReactor* InstanceService::StartInstance(grpc::CallbackServerContext* call,
                                                         const v1::StartInstanceRequest* request,
                                                         v1::StartInstanceResponse* response) {
  return HandleVerb(context_, call, request, response, InstanceVerb::kStart);
}

grpc::ServerUnaryReactor* InstanceService::StopInstance(grpc::CallbackServerContext* call,
                                                        const v1::StopInstanceRequest* request,
                                                        v1::StopInstanceResponse* response) {
  return HandleVerb(context_, call, request, response, InstanceVerb::kStop);
}

grpc::ServerUnaryReactor* InstanceService::RestartInstance(
    grpc::CallbackServerContext* call, const v1::RestartInstanceRequest* request,
    v1::RestartInstanceResponse* response) {
  return HandleVerb(context_, call, request, response, InstanceVerb::kRestart);
}

grpc::ServerUnaryReactor* InstanceService::SoftRestartInstance(
    grpc::CallbackServerContext* call, const v1::SoftRestartInstanceRequest* request,
    v1::SoftRestartInstanceResponse* response) {
  return HandleVerb(context_, call, request, response, InstanceVerb::kSoftRestart);
}

grpc::ServerUnaryReactor* InstanceService::AttachInstance(grpc::CallbackServerContext* call,
                                                          const v1::AttachInstanceRequest* request,
                                                          v1::AttachInstanceResponse* response) {
  return HandleVerb(context_, call, request, response, InstanceVerb::kAttach);
}

grpc::ServerUnaryReactor* InstanceService::DetachInstance(grpc::CallbackServerContext* call,
                                                          const v1::DetachInstanceRequest* request,
                                                          v1::DetachInstanceResponse* response) {
  return HandleVerb(context_, call, request, response, InstanceVerb::kDetach);
}

grpc::ServerUnaryReactor* InstanceService::DrainInstance(grpc::CallbackServerContext* call,
                                                         const v1::DrainInstanceRequest* request,
                                                         v1::DrainInstanceResponse* response) {
  return AnswerOnLoop(
      context_, *call, request, response,
      [this](const v1::DrainInstanceRequest& copy, v1::DrainInstanceResponse& result) {
        return Drain(context_, copy, result);
      });
}

grpc::ServerUnaryReactor* InstanceService::UndrainInstance(
    grpc::CallbackServerContext* call, const v1::UndrainInstanceRequest* request,
    v1::UndrainInstanceResponse* response) {
  return AnswerOnLoop(
      context_, *call, request, response,
      [this](const v1::UndrainInstanceRequest& copy, v1::UndrainInstanceResponse& result) {
        return Undrain(context_, copy, result);
      });
}

}  // namespace ovpnbroker::server
