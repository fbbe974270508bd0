#include "server/admin/policy_admin_service.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "ovpn/base/utf8.h"
#include "ovpn/types/client_identity.h"
#include "ovpn/types/violation_text.h"
#include "server/admin/kill_request.h"
#include "server/admin/list_page.h"
#include "server/admin/rpc_error.h"
#include "server/admin/status_codec.h"

namespace ovpnbroker::server {
namespace {

namespace v1 = admin::v1;
using Evaluated = v1::EvaluateDecisionResponse;

constexpr int kMaxVariables = 64;
constexpr size_t kMaxVariableBytes = 4096;
constexpr size_t kMaxPasswordBytes = 4096;  // OpenVPN's own limit (USER_PASS_LEN)

grpc::Status PolicyNotFound(const std::string& name) {
  return NotFound("policy", {{"policy", name}}, "POLICY_NOT_FOUND",
                  absl::StrCat("no policy is called ", name));
}

template <typename Response>
grpc::Status Show(const BrokerControl& broker, const std::string& name, Response& response) {
  if (name.empty()) return InvalidField("name", "NAME_MISSING", "must be set");
  for (const PolicyStatus& status : broker.ListPolicies()) {
    if (status.name != name) continue;
    *response.mutable_policy() = PolicyToProto(status);
    return grpc::Status::OK;
  }
  return PolicyNotFound(name);
}

grpc::Status ShowPolicy(BrokerControl& broker, const v1::GetPolicyRequest& request,
                        v1::GetPolicyResponse& response) {
  return Show(broker, request.name(), response);
}

// Fills the response with the policy as it is after `change`.
template <typename Request, typename Response, typename Change>
grpc::Status ChangeReplica(BrokerControl& broker, const Request& request, Response& response,
                           absl::string_view precondition, Change change) {
  grpc::Status status = CheckReason(request.reason());
  if (!status.ok()) return status;
  if (request.address().empty()) return InvalidField("address", "NAME_MISSING", "must be set");
  status = Show(broker, request.policy(), response);
  if (!status.ok()) return status;
  const absl::Status changed = change();
  if (changed.ok()) return Show(broker, request.policy(), response);
  const std::string subject =
      absl::StrCat("policies/", request.policy(), "/replicas/", request.address());
  const std::string message(changed.message());
  const auto refuse = [&](absl::string_view reason) {
    return FailedPrecondition(reason, message,
                              {{"policy", request.policy()}, {"address", request.address()}},
                              {{std::string(reason), subject, message}});
  };
  if (absl::IsInvalidArgument(changed)) return refuse("POLICY_NOT_REMOTE");
  if (absl::IsFailedPrecondition(changed)) return refuse(precondition);
  const auto& replicas = response.policy().replicas();
  const bool known = std::any_of(replicas.begin(), replicas.end(), [&request](const auto& replica) {
    return replica.address() == request.address();
  });
  if (known) return refuse(precondition);
  return NotFound("replica", {{"address", request.address()}, {"policy", request.policy()}},
                  "REPLICA_NOT_FOUND", message);
}

grpc::Status DrainReplica(BrokerControl& broker, const v1::DrainPolicyReplicaRequest& request,
                          v1::DrainPolicyReplicaResponse& response) {
  return ChangeReplica(broker, request, response, "LAST_REPLICA", [&] {
    return broker.DrainReplica(request.policy(), request.address(), request.force());
  });
}

grpc::Status ResumeReplica(BrokerControl& broker, const v1::ResumePolicyReplicaRequest& request,
                           v1::ResumePolicyReplicaResponse& response) {
  return ChangeReplica(broker, request, response, "REPLICA_NOT_DRAINED",
                       [&] { return broker.ResumeReplica(request.policy(), request.address()); });
}

grpc::Status MakeRequest(const v1::EvaluateDecisionRequest& request, ovpn::AuthRequest& result) {
  std::vector<std::pair<std::string, std::string>> variables(request.environment().begin(),
                                                             request.environment().end());
  std::sort(variables.begin(), variables.end());
  size_t bytes =
      request.common_name().size() + request.username().size() + request.real_address().size();
  for (const auto& [name, value] : variables) {
    if (name.empty()) return InvalidField("environment", "CLIENT_INVALID", "a name is empty");
    bytes += name.size() + value.size();
  }
  if (request.environment_size() > kMaxVariables || bytes > kMaxVariableBytes) {
    return InvalidField("environment", "CLIENT_INVALID",
                        absl::StrCat("at most ", kMaxVariables, " variables, and ",
                                     kMaxVariableBytes, " bytes in all"));
  }
  if (request.password().size() > kMaxPasswordBytes) {
    return InvalidField("password", "CLIENT_INVALID",
                        absl::StrCat("at most ", kMaxPasswordBytes, " bytes"));
  }
  if (request.has_password() && request.username().empty()) {
    return InvalidField("username", "CLIENT_INVALID", "must be set: a password comes with a name");
  }
  ovpn::Environment::Builder builder;
  // The first of two counts.
  for (const auto& [name, value] : variables) builder.Add(name, value);
  if (!request.common_name().empty()) builder.Add("common_name", request.common_name());
  if (!request.username().empty()) builder.Add("username", request.username());
  if (!request.real_address().empty()) {
    const absl::StatusOr<ovpn::IpAddress> address = ovpn::IpAddress::Parse(request.real_address());
    if (!address.ok()) {
      return InvalidField("real_address", "CLIENT_INVALID", address.status().message());
    }
    const bool ipv6 = address->family() == ovpn::IpAddress::Family::kV6;
    builder.Add(ipv6 ? "untrusted_ip6" : "untrusted_ip", address->ToString());
    builder.Add("untrusted_port", "0");
  }
  result.kind = request.reauth() ? ovpn::AuthKind::kReauth : ovpn::AuthKind::kConnect;
  result.key.client.instance = request.instance();
  result.environment = std::make_shared<const ovpn::Environment>(builder.Build());
  result.session.client.instance = request.instance();
  result.session.identity = ovpn::ClientIdentity::FromEnvironment(*result.environment);
  if (request.has_password()) result.password.emplace(request.password());
  result.receive_time = std::chrono::system_clock::now();
  result.session.create_time = result.receive_time;
  return grpc::Status::OK;
}

v1::FurtherStep StepToProto(const ovpn::PendingAuth& step) {
  v1::FurtherStep result;
  result.set_method(step.method == ovpn::PendingAuth::Method::kWebAuth
                        ? v1::FurtherStep::METHOD_WEB_AUTH
                        : v1::FurtherStep::METHOD_CHALLENGE_TEXT);
  result.set_text(ovpn::ReplaceInvalidUtf8(step.text));
  for (const std::string& flag : step.flags) result.add_flags(ovpn::ReplaceInvalidUtf8(flag));
  result.set_echo(step.echo);
  if (step.timeout.count() > 0) result.mutable_timeout()->set_seconds(step.timeout.count());
  return result;
}

v1::FurtherStep ChallengeToProto(const ovpn::DynamicChallenge& challenge) {
  v1::FurtherStep result;
  result.set_method(v1::FurtherStep::METHOD_DYNAMIC_CHALLENGE);
  result.set_text(ovpn::ReplaceInvalidUtf8(challenge.text));
  result.set_echo(challenge.echo);
  result.set_response_optional(!challenge.response_required);
  return result;
}

Evaluated::PasswordAccess AccessToProto(policy::PasswordAccess access) {
  switch (access) {
    case policy::PasswordAccess::kUnknown:
      return Evaluated::PASSWORD_ACCESS_UNSPECIFIED;
    case policy::PasswordAccess::kShown:
      return Evaluated::PASSWORD_ACCESS_SHOWN;
    case policy::PasswordAccess::kNotGranted:
      return Evaluated::PASSWORD_ACCESS_NOT_GRANTED;
    case policy::PasswordAccess::kNotRequested:
      return Evaluated::PASSWORD_ACCESS_NOT_REQUESTED;
    case policy::PasswordAccess::kShadow:
      return Evaluated::PASSWORD_ACCESS_SHADOW;
    case policy::PasswordAccess::kRules:
      return Evaluated::PASSWORD_ACCESS_RULES;
  }
  return Evaluated::PASSWORD_ACCESS_UNSPECIFIED;
}

void DescribeDeny(const ovpn::Deny& deny, Evaluated& response) {
  response.set_result(Evaluated::RESULT_DENY);
  response.set_detail(ovpn::ReplaceInvalidUtf8(deny.reason));
  response.set_client_reason(ovpn::ReplaceInvalidUtf8(deny.client_reason));
  if (deny.retry.has_value()) {
    response.mutable_retry()->mutable_backoff()->set_seconds(deny.retry->backoff.count());
    response.mutable_retry()->set_advance(deny.retry->advance);
  }
  if (deny.challenge.has_value()) {
    *response.mutable_further_step() = ChallengeToProto(*deny.challenge);
  }
}

void DescribeVerdict(const Evaluation& evaluation, Evaluated& response) {
  const ovpn::Verdict& verdict = evaluation.reply.verdict;
  if (!evaluation.violations.empty()) {
    response.set_result(Evaluated::RESULT_FAILURE);
    response.set_detail(ovpn::JoinViolations(evaluation.violations));
  } else if (const auto* allow = std::get_if<ovpn::Allow>(&verdict)) {
    response.set_result(Evaluated::RESULT_ALLOW);
    response.set_address_pool(allow->config.address_pool);
    for (const std::string& line : evaluation.lines) {
      response.add_lines(ovpn::ReplaceInvalidUtf8(line));
    }
  } else if (const auto* deny = std::get_if<ovpn::Deny>(&verdict)) {
    DescribeDeny(*deny, response);
  } else if (const auto* failure = std::get_if<ovpn::Failure>(&verdict)) {
    response.set_result(Evaluated::RESULT_FAILURE);
    response.set_detail(absl::StrCat(ovpn::ToString(failure->cause), ": ",
                                     ovpn::ReplaceInvalidUtf8(failure->detail)));
  } else if (const auto* step = std::get_if<ovpn::PendingAuth>(&verdict)) {
    response.set_result(Evaluated::RESULT_PENDING);
    *response.mutable_further_step() = StepToProto(*step);
  } else {
    response.set_result(Evaluated::RESULT_ABSTAIN);
  }
}

void Describe(const Evaluation& evaluation, bool has_password, Evaluated& response) {
  response.set_policy(evaluation.policy);
  response.set_revision(ovpn::ReplaceInvalidUtf8(evaluation.reply.policy_revision));
  for (const auto& [name, value] : evaluation.reply.audit_annotations) {
    (*response.mutable_annotations())[ovpn::ReplaceInvalidUtf8(name)] =
        ovpn::ReplaceInvalidUtf8(value);
  }
  DescribeVerdict(evaluation, response);
  if (has_password) response.set_password_access(AccessToProto(evaluation.reply.password_access));
}

// Why there is no evaluation.
grpc::Status EvaluateError(BrokerControl& broker, const std::string& instance,
                           const std::string& policy, const absl::Status& why) {
  const std::string message(why.message());
  if (absl::IsResourceExhausted(why)) {
    return LimitReached("dry_runs", "TOO_MANY_DRY_RUNS", message);
  }
  if (absl::IsFailedPrecondition(why)) {
    return FailedPrecondition(
        "DRY_RUN_UNSUPPORTED", message, {{"policy", policy}},
        {{"DRY_RUN_UNSUPPORTED", absl::StrCat("policies/", policy), message}});
  }
  const std::vector<InstanceStatus> instances = broker.ListInstances();
  const bool instance_known =
      std::any_of(instances.begin(), instances.end(),
                  [&instance](const InstanceStatus& status) { return status.name == instance; });
  return instance_known ? PolicyNotFound(policy) : InstanceNotFound(instance);
}

void Evaluate(BrokerControl& broker, const v1::EvaluateDecisionRequest& request,
              const std::shared_ptr<LoopCall<Evaluated>>& call) {
  ovpn::AuthRequest described;
  if (request.instance().empty()) {
    return call->Finish(InvalidField("instance", "INSTANCE_MISSING", "must be set"));
  }
  const grpc::Status status = MakeRequest(request, described);
  if (!status.ok()) return call->Finish(status);
  broker.Evaluate(
      request.policy(), std::move(described),
      [&broker, instance = request.instance(), policy = request.policy(),
       has_password = request.has_password(), call](const absl::StatusOr<Evaluation>& evaluation) {
        if (!evaluation.ok()) {
          return call->Finish(EvaluateError(broker, instance, policy, evaluation.status()));
        }
        Evaluated response;
        Describe(*evaluation, has_password, response);
        call->Finish(grpc::Status::OK, std::move(response));
      });
}

}  // namespace

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

grpc::ServerUnaryReactor* PolicyAdminService::GetPolicy(grpc::CallbackServerContext* call,
                                                        const v1::GetPolicyRequest* request,
                                                        v1::GetPolicyResponse* response) {
  return AnswerOnLoop(context_, *call, request, response,
                      [this](const v1::GetPolicyRequest& copy, v1::GetPolicyResponse& result) {
                        return ShowPolicy(context_.broker, copy, result);
                      });
}

grpc::ServerUnaryReactor* PolicyAdminService::DrainPolicyReplica(
    grpc::CallbackServerContext* call, const v1::DrainPolicyReplicaRequest* request,
    v1::DrainPolicyReplicaResponse* response) {
  return AnswerOnLoop(
      context_, *call, request, response,
      [this](const v1::DrainPolicyReplicaRequest& copy, v1::DrainPolicyReplicaResponse& result) {
        return DrainReplica(context_.broker, copy, result);
      });
}

grpc::ServerUnaryReactor* PolicyAdminService::ResumePolicyReplica(
    grpc::CallbackServerContext* call, const v1::ResumePolicyReplicaRequest* request,
    v1::ResumePolicyReplicaResponse* response) {
  return AnswerOnLoop(
      context_, *call, request, response,
      [this](const v1::ResumePolicyReplicaRequest& copy, v1::ResumePolicyReplicaResponse& result) {
        return ResumeReplica(context_.broker, copy, result);
      });
}

grpc::ServerUnaryReactor* PolicyAdminService::EvaluateDecision(
    grpc::CallbackServerContext* call, const v1::EvaluateDecisionRequest* request,
    v1::EvaluateDecisionResponse* response) {
  return HandleOnLoop(context_, *call, request, response,
                      [this](const v1::EvaluateDecisionRequest& copy,
                             const std::shared_ptr<LoopCall<Evaluated>>& open_call) {
                        Evaluate(context_.broker, copy, open_call);
                      });
}

}  // namespace ovpnbroker::server
