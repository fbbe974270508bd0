// ovpn-brokerctl policies: who decides, how fast, and what they would decide.
#include <CLI/CLI.hpp>
#include <chrono>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/ctl/call.h"
#include "server/ctl/enum_text.h"
#include "server/ctl/escape.h"
#include "server/ctl/human.h"
#include "server/ctl/table.h"

namespace ovpnbroker::ctl {
namespace {

namespace v1 = admin::v1;
using Stub = v1::PolicyAdminService::Stub;

constexpr auto kRight = Table::Align::kRight;
// A policy may take as long as decision.timeout, 5 minutes at most.
constexpr std::chrono::seconds kEvaluateTimeout{310};

void PrintPolicies(const GlobalOptions& global, const v1::ListPoliciesResponse& response) {
  Table table({{"POLICY"},
               {"READY"},
               {"REPLICAS", kRight},
               {"IN FLIGHT", kRight},
               {"ANSWERS", kRight},
               {"P50", kRight},
               {"P99", kRight},
               {"REVISION"},
               {"LAST ERROR"}});
  for (const v1::Policy& policy : response.policies()) {
    const bool remote = policy.kind() == v1::Policy::KIND_REMOTE;
    const v1::PolicyLatency& latency = policy.latency();
    table.AddRow({policy.name(),
                  policy.ready() ? Cell("yes", Color::kGood) : Cell("no", Color::kBad),
                  remote ? absl::StrCat(policy.replicas_size()) : "rules",
                  absl::StrCat(policy.in_flight_count()), absl::StrCat(latency.count()),
                  policy.has_latency() ? HumanMillis(latency.p50()) : "",
                  policy.has_latency() ? HumanMillis(latency.p99()) : "", policy.revision(),
                  policy.last_error()});
  }
  PrintTable(global, table);
}

void PrintPolicy(const GlobalOptions& global, const v1::Policy& policy) {
  v1::ListPoliciesResponse list;
  *list.add_policies() = policy;
  PrintPolicies(global, list);
  if (policy.replicas().empty()) return;
  std::cout << "\n";
  Table table({{"REPLICA"}, {"STATE"}, {"SINCE", kRight}, {"IN FLIGHT", kRight}, {"LAST ERROR"}});
  for (const v1::PolicyReplica& replica : policy.replicas()) {
    table.AddRow(
        {replica.address(),
         replica.circuit_open() ? Cell("CIRCUIT OPEN", Color::kBad) : StateCell(replica.state()),
         HumanAge(replica.state_change_time()),
         absl::StrCat(replica.in_flight_count(), "/", replica.max_in_flight()),
         replica.last_error()});
  }
  PrintTable(global, table);
}

ExitCode RunList(const GlobalOptions& global) {
  const auto client = AdminClient::Connect(global);
  if (client == nullptr) return ExitCode::kUnreachable;
  v1::ListPoliciesResponse response;
  const grpc::Status status = client->ListPolicies(response);
  if (!status.ok()) return ReportFailure(status);
  if (!PrintedForPrograms(global, response)) PrintPolicies(global, response);
  return ExitCode::kOk;
}

// For the responses that hold one policy.
template <typename Request, typename Response>
ExitCode RunOnPolicy(const GlobalOptions& global, const Request& request,
                     grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                  Response*)) {
  return CallAndShow(global, request, method, kCallTimeout, [&global](const Response& response) {
    PrintPolicy(global, response.policy());
  });
}

const char* StepVerb(v1::FurtherStep::Method method) {
  switch (method) {
    case v1::FurtherStep::METHOD_WEB_AUTH:
      return "opens (WEB_AUTH): ";
    case v1::FurtherStep::METHOD_DYNAMIC_CHALLENGE:
      return "is asked, and connects again with the answer (CRV1): ";
    default:
      return "is asked (CR_TEXT): ";
  }
}

// In OpenVPN's own words, as client-pending-auth has them.
void PrintStep(const v1::FurtherStep& step) {
  std::cout << "  the client " << StepVerb(step.method()) << Escape(step.text()) << "\n";
  for (const std::string& flag : step.flags()) std::cout << "  flag: " << Escape(flag) << "\n";
  if (step.response_optional()) {
    std::cout << "  it need not answer\n";
  } else if (step.method() != v1::FurtherStep::METHOD_WEB_AUTH) {
    std::cout << "  its answer is " << (step.echo() ? "shown" : "hidden") << "\n";
  }
  if (step.method() == v1::FurtherStep::METHOD_DYNAMIC_CHALLENGE) return;
  std::cout << "  it has "
            << (step.has_timeout() ? absl::StrCat(step.timeout().seconds(), " s")
                                   : "as long as OpenVPN grants")
            << "\n";
}

// Why the password of the command line did not count, and what to do about it.
std::string PasswordHint(const v1::EvaluateDecisionResponse& response) {
  const std::string policy = Escape(response.policy());
  switch (response.password_access()) {
    case v1::EvaluateDecisionResponse::PASSWORD_ACCESS_NOT_GRANTED:
      return absl::StrCat("set `grant_password: true` at policy ", policy,
                          " in the broker's configuration");
    case v1::EvaluateDecisionResponse::PASSWORD_ACCESS_NOT_REQUESTED:
      return absl::StrCat("switch on CAPABILITY_PASSWORD in policy ", policy);
    case v1::EvaluateDecisionResponse::PASSWORD_ACCESS_SHADOW:
      return absl::StrCat("shadows get none; only as an instance's `policy` can ", policy,
                          " be granted it");
    case v1::EvaluateDecisionResponse::PASSWORD_ACCESS_RULES:
      return "embedded rules check none; checking one takes a remote policy";
    default:
      return "";
  }
}

void PrintEvaluation(const v1::EvaluateDecisionResponse& response) {
  std::string result = v1::EvaluateDecisionResponse::Result_Name(response.result());
  result.erase(0, std::string("RESULT_").size());
  std::cout << result << " by " << Escape(response.policy());
  if (!response.detail().empty()) std::cout << ": " << Escape(response.detail());
  std::cout << "\n";
  const std::string hint = PasswordHint(response);
  if (!hint.empty()) std::cout << "  the policy did not see the password: " << hint << "\n";
  for (const auto& [name, value] : response.annotations()) {
    std::cout << "  " << Escape(name) << ": " << Escape(value) << "\n";
  }
  if (!response.client_reason().empty()) {
    std::cout << "  the client reads: " << Escape(response.client_reason()) << "\n";
  }
  if (!response.address_pool().empty()) {
    std::cout << "  address from pool: " << Escape(response.address_pool()) << "\n";
  }
  if (response.has_retry()) {
    std::cout << "  the client comes back by itself after " << response.retry().backoff().seconds()
              << " s, " << (response.retry().advance() ? "to its next server" : "to this server")
              << "\n";
  }
  if (response.has_further_step()) PrintStep(response.further_step());
  for (const std::string& line : response.lines()) std::cout << "  " << Escape(line) << "\n";
}

struct Described {
  v1::EvaluateDecisionRequest request;
  std::string instance, policy, common_name, username, address;
  std::vector<std::string> environment;
  bool reauth = false;
  bool password = false;
};

ExitCode RunEvaluate(const GlobalOptions& global, Described& described) {
  v1::EvaluateDecisionRequest request;
  request.set_instance(described.instance);
  request.set_policy(described.policy);
  request.set_common_name(described.common_name);
  request.set_username(described.username);
  request.set_real_address(described.address);
  request.set_reauth(described.reauth);
  for (const std::string& variable : described.environment) {
    const size_t equals = variable.find('=');
    if (equals == std::string::npos || equals == 0) {
      PrintError(absl::StrCat("--env takes NAME=VALUE, not '", Escape(variable), "'"));
      return ExitCode::kUsage;
    }
    (*request.mutable_environment())[variable.substr(0, equals)] = variable.substr(equals + 1);
  }
  if (described.password && !ReadSecret("Password: ", *request.mutable_password())) {
    PrintError("--password-stdin: standard input has no line with a password");
    return ExitCode::kUsage;
  }
  return CallAndJudge(
      global, request, &Stub::EvaluateDecision, kEvaluateTimeout,
      [](const v1::EvaluateDecisionResponse& response) { PrintEvaluation(response); },
      [](const v1::EvaluateDecisionResponse& response) {
        return response.result() == v1::EvaluateDecisionResponse::RESULT_ALLOW ? ExitCode::kOk
                                                                               : ExitCode::kFailed;
      });
}

void AddEvaluate(CLI::App& policies, CommandLine& line) {
  const auto described = std::make_shared<Described>();
  CLI::App* command =
      policies.add_subcommand("evaluate", "Ask a policy about a client that is only described");
  command->add_option("--instance", described->instance, "Where it would connect")
      ->type_name("NAME")
      ->required();
  command->add_option("--policy", described->policy, "Who is asked; default: the instance's own")
      ->type_name("NAME");
  command->add_option("--cn", described->common_name, "Its certificate's common name")
      ->type_name("NAME");
  CLI::Option* user =
      command->add_option("--user", described->username, "Its user name")->type_name("NAME");
  command
      ->add_flag("--password-stdin", described->password,
                 "Its password is the first line of standard input")
      ->needs(user);
  command->add_option("--address", described->address, "Its address, without port")
      ->type_name("ADDRESS");
  command->add_option("--env", described->environment, "A variable that OpenVPN would tell")
      ->type_name("NAME=VALUE");
  command->add_flag("--reauth", described->reauth, "A renegotiation instead of a connection");
  command->footer(
      "Nobody is let in or denied, and nothing is counted. Exit code 1 when it would not get in.\n"
      "A remote policy is asked for a dry run; one that does not know dry runs\n"
      "(CAPABILITY_DRY_RUN) is not asked. A password reaches it only where grant_password is set\n"
      "and it asks for passwords. A further step is checked against IV_SSO of --env.\n"
      "\n"
      "Examples:\n"
      "  ovpn-brokerctl policies evaluate --instance office --cn alice \\\n"
      "      --env IV_PLAT=linux\n"
      "  ovpn-brokerctl policies evaluate --instance office --user alice \\\n"
      "      --password-stdin");
  command->callback([&line, described] {
    line.run = [&line, described] { return RunEvaluate(line.global, *described); };
  });
}

}  // namespace

void AddPoliciesCommand(CLI::App& app, CommandLine& line) {
  CLI::App* command = app.add_subcommand("policies", "Who decides, how fast, and what they would");
  command->footer(
      "ANSWERS and the times are of the last five to ten minutes.\n"
      "Examples:\n"
      "  ovpn-brokerctl policies\n"
      "  ovpn-brokerctl policies show staff\n"
      "  ovpn-brokerctl policies drain staff 192.0.2.7:50051 --reason upgrade");
  struct Arguments {
    std::string policy, address, reason;
    bool force = false;
  };
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* show = command->add_subcommand("show", "One policy and its replicas");
  show->add_option("POLICY", arguments->policy, "The policy's name")->required();
  show->callback([&line, arguments] {
    line.run = [&line, arguments] {
      v1::GetPolicyRequest request;
      request.set_name(arguments->policy);
      return RunOnPolicy(line.global, request, &Stub::GetPolicy);
    };
  });
  const auto add = [&](const std::string& name, const std::string& about) {
    CLI::App* verb = command->add_subcommand(name, about);
    verb->add_option("POLICY", arguments->policy, "The policy's name")->required();
    verb->add_option("ADDRESS", arguments->address, "The replica's address")->required();
    verb->add_option("--reason", arguments->reason, "Why; for the audit record")->type_name("TEXT");
    return verb;
  };
  CLI::App* drain = add("drain", "Take a replica out of service in good order");
  drain->add_flag("--force", arguments->force, "Also when no other replica is READY");
  drain->callback([&line, arguments] {
    line.run = [&line, arguments] {
      v1::DrainPolicyReplicaRequest request;
      request.set_policy(arguments->policy);
      request.set_address(arguments->address);
      request.set_reason(arguments->reason);
      request.set_force(arguments->force);
      return RunOnPolicy(line.global, request, &Stub::DrainPolicyReplica);
    };
  });
  add("resume", "Take a drained replica back")->callback([&line, arguments] {
    line.run = [&line, arguments] {
      v1::ResumePolicyReplicaRequest request;
      request.set_policy(arguments->policy);
      request.set_address(arguments->address);
      request.set_reason(arguments->reason);
      return RunOnPolicy(line.global, request, &Stub::ResumePolicyReplica);
    };
  });
  AddEvaluate(*command, line);
  // A parent's callback comes after its subcommand's.
  command->callback([&line, command] {
    if (command->get_subcommands().empty()) line.run = [&line] { return RunList(line.global); };
  });
}

}  // namespace ovpnbroker::ctl
