#include "server/admin/broker_service.h"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "ovpn/base/utf8.h"
#include "policy/stream/session_codec.h"
#include "server/admin/kill_request.h"
#include "server/admin/rpc_error.h"
#include "server/admin/status_codec.h"
#include "server/reload/field_text.h"

namespace ovpnbroker::server {
namespace {

namespace v1 = admin::v1;

// Errors and refusals that a status names; trailers have little room.
constexpr size_t kMaxDetails = 16;
constexpr size_t kMaxMessage = 2048;

v1::ConfigChange::Effect EffectToProto(ReloadEffect effect) {
  switch (effect) {
    case ReloadEffect::kLive:
      return v1::ConfigChange::EFFECT_LIVE;
    case ReloadEffect::kInstanceStop:
      return v1::ConfigChange::EFFECT_INSTANCE_STOP;
    case ReloadEffect::kBrokerRestart:
      return v1::ConfigChange::EFFECT_BROKER_RESTART;
  }
  return v1::ConfigChange::EFFECT_UNSPECIFIED;
}

v1::ConfigChange ChangeToProto(const ReloadChange& change) {
  v1::ConfigChange message;
  message.set_path(change.field.path);
  message.set_old_value(ovpn::ReplaceInvalidUtf8(change.field.old_value));
  message.set_new_value(ovpn::ReplaceInvalidUtf8(change.field.new_value));
  message.set_effect(EffectToProto(change.effect));
  message.set_instance(change.instance);
  message.set_refused(change.refused);
  return message;
}

grpc::Status InvalidConfig(const ReloadReport& report) {
  std::vector<Violation> violations;
  std::vector<std::string> texts;
  for (const Finding& finding : report.findings) {
    if (finding.severity != Finding::Severity::kError) continue;
    texts.push_back(finding.ToString());
    violations.push_back({"CONFIG_INVALID", finding.path, finding.ToString()});
  }
  for (const std::string& error : report.errors) {
    texts.push_back(error);
    violations.push_back({"CONFIG_INVALID", "", error});
  }
  violations.resize(std::min(violations.size(), kMaxDetails));
  return InvalidFields("CONFIG_INVALID", absl::StrJoin(texts, "\n").substr(0, kMaxMessage),
                       violations);
}

grpc::Status NeedsRestart(const ReloadReport& report) {
  std::vector<Violation> violations;
  std::vector<std::string> texts;
  for (const ReloadChange& change : report.changes) {
    if (!change.refused) continue;
    texts.push_back(absl::StrCat(change.field.path, ": ", WhyRefused(change)));
    violations.push_back({"RELOAD_NEEDS_RESTART", change.field.path, WhyRefused(change)});
  }
  violations.resize(std::min(violations.size(), kMaxDetails));
  return FailedPrecondition(
      "RELOAD_NEEDS_RESTART",
      absl::StrCat("nothing was changed:\n", absl::StrJoin(texts, "\n")).substr(0, kMaxMessage),
      {{"count", absl::StrCat(texts.size())}}, violations);
}

grpc::Status ShowBroker(BrokerControl& broker, const v1::GetBrokerRequest& /*request*/,
                        v1::GetBrokerResponse& response) {
  *response.mutable_broker() = BrokerToProto(broker.GetStatus());
  return grpc::Status::OK;
}

grpc::Status ShowConfig(BrokerControl& broker, const v1::GetConfigRequest& /*request*/,
                        v1::GetConfigResponse& response) {
  *response.mutable_config() = broker.config();
  MaskSecrets(*response.mutable_config());
  response.set_path(ovpn::ReplaceInvalidUtf8(broker.GetStatus().config_path));
  *response.mutable_load_time() = policy::TimestampToProto(broker.config_time());
  return grpc::Status::OK;
}

grpc::Status RunReload(BrokerControl& broker, const v1::ReloadConfigRequest& request,
                       v1::ReloadConfigResponse& response) {
  if (grpc::Status status = CheckReason(request.reason()); !status.ok()) return status;
  const ReloadReport report = broker.Reload(request.validate_only());
  switch (report.result) {
    case ReloadReport::Result::kInvalid:
      return InvalidConfig(report);
    case ReloadReport::Result::kRefused:
      return NeedsRestart(report);
    case ReloadReport::Result::kStopping:
      return StoppingError();
    case ReloadReport::Result::kApplied:
    case ReloadReport::Result::kChecked:
      break;
  }
  for (const ReloadChange& change : report.changes) *response.add_changes() = ChangeToProto(change);
  for (const Finding& finding : report.findings) {
    response.add_warnings(ovpn::ReplaceInvalidUtf8(finding.ToString()));
  }
  response.set_applied(report.result == ReloadReport::Result::kApplied);
  return grpc::Status::OK;
}

}  // namespace

grpc::ServerUnaryReactor* BrokerService::GetBroker(grpc::CallbackServerContext* call,
                                                   const v1::GetBrokerRequest* request,
                                                   v1::GetBrokerResponse* response) {
  return AnswerOnLoop(context_, *call, request, response,
                      [this](const v1::GetBrokerRequest& copy, v1::GetBrokerResponse& result) {
                        return ShowBroker(context_.broker, copy, result);
                      });
}

grpc::ServerUnaryReactor* BrokerService::GetConfig(grpc::CallbackServerContext* call,
                                                   const v1::GetConfigRequest* request,
                                                   v1::GetConfigResponse* response) {
  return AnswerOnLoop(context_, *call, request, response,
                      [this](const v1::GetConfigRequest& copy, v1::GetConfigResponse& result) {
                        return ShowConfig(context_.broker, copy, result);
                      });
}

grpc::ServerUnaryReactor* BrokerService::ReloadConfig(grpc::CallbackServerContext* call,
                                                      const v1::ReloadConfigRequest* request,
                                                      v1::ReloadConfigResponse* response) {
  return AnswerOnLoop(
      context_, *call, request, response,
      [this](const v1::ReloadConfigRequest& copy, v1::ReloadConfigResponse& result) {
        return RunReload(context_.broker, copy, result);
      });
}

}  // namespace ovpnbroker::server
