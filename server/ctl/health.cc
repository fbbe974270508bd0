// ovpn-brokerctl health: what the broker tells load balancers and probes by grpc.health.v1, for
// scripts and people: a line for each service, and one exit code for all.
#include "server/ctl/health.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/ctl/command.h"
#include "server/ctl/escape.h"
#include "server/ctl/json.h"
#include "server/ctl/output.h"
#include "server/ctl/table.h"
#include "server/health/service_names.h"

namespace ovpnbroker::ctl {
namespace {

using grpc::health::v1::Health;
using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;

// How people call the service without a name.
constexpr char kWhole[] = "broker";

struct ServiceHealth {
  std::string service;
  HealthCheckResponse::ServingStatus status = HealthCheckResponse::UNKNOWN;

  bool serving() const { return status == HealthCheckResponse::SERVING; }
};

grpc::Status Check(AdminClient& client, ServiceHealth& health) {
  HealthCheckRequest request;
  if (health.service != kWhole) request.set_service(health.service);
  HealthCheckResponse response;
  const grpc::Status status =
      CallStub(client.stub<Health::Stub>(), &Health::Stub::Check, request, response);
  health.status = response.status();
  return status;
}

std::string AsJson(const std::vector<ServiceHealth>& healths) {
  std::vector<std::string> entries;
  entries.reserve(healths.size());
  for (const ServiceHealth& health : healths) {
    entries.push_back(absl::StrCat(
        "  {\"service\": ", JsonString(health.service),
        ", \"status\": ", JsonString(HealthCheckResponse::ServingStatus_Name(health.status)), "}"));
  }
  return absl::StrCat("{\n \"services\": [\n", absl::StrJoin(entries, ",\n"), "\n ]\n}\n");
}

ExitCode RunHealth(const GlobalOptions& global, std::vector<std::string> services) {
  const auto client = AdminClient::Connect(global);
  if (client == nullptr) return ExitCode::kUnreachable;
  const bool all = services.empty();
  if (all) {
    const grpc::Status status = ListHealthServices(*client, services);
    if (!status.ok()) return ReportFailure(status);
  }
  std::vector<ServiceHealth> healths;
  for (std::string& service : services) {
    ServiceHealth health{std::move(service)};
    const grpc::Status status = Check(*client, health);
    // An instance may be too new to be known to the health service, or may just have gone.
    const bool unknown = status.error_code() == grpc::StatusCode::NOT_FOUND;
    if (unknown && !all) {
      PrintError(absl::StrCat("the broker tells no health of \"", Escape(health.service),
                              "\"; `ovpn-brokerctl health` lists what it does"));
      return ExitCode::kNotFound;
    }
    if (!status.ok() && !unknown) return ReportFailure(status);
    healths.push_back(std::move(health));
  }
  if (!PrintedForPrograms(global, AsJson(healths))) {
    Table table({{"SERVICE"}, {"STATUS"}});
    for (const ServiceHealth& health : healths) {
      table.AddRow({health.service, Cell(HealthCheckResponse::ServingStatus_Name(health.status),
                                         health.serving() ? Color::kGood : Color::kBad)});
    }
    PrintTable(global, table);
  }
  const bool serving = std::all_of(healths.begin(), healths.end(),
                                   [](const ServiceHealth& health) { return health.serving(); });
  return serving ? ExitCode::kOk : ExitCode::kNotServing;
}

}  // namespace

grpc::Status ListHealthServices(AdminClient& client, std::vector<std::string>& services) {
  admin::v1::ListInstancesResponse response;
  grpc::Status status = client.ListInstances(response);
  if (!status.ok()) return status;
  services = {kWhole, server::kAdminHealth, server::kPolicyHealth};
  for (const admin::v1::Instance& instance : response.instances()) {
    services.push_back(absl::StrCat(server::kInstanceHealth, instance.name()));
  }
  return status;
}

void AddHealthCommand(CLI::App& app, CommandLine& line) {
  CLI::App* command = app.add_subcommand("health", "Whether the broker and its parts serve");
  const auto services = std::make_shared<std::vector<std::string>>();
  command->add_option("SERVICE", *services, "Only these, as the list names them")->type_name("");
  command->footer(
      "Asks what load balancers and probes ask (grpc.health.v1):\n"
      "  broker               the broker runs and does not stop\n"
      "  ovpnbroker.admin.v1  the admin API answers\n"
      "  ovpnbroker.policy    the policy of every instance can be asked\n"
      "  instances/NAME       the instance is RUNNING\n"
      "Exit code 6 when one of them does not serve, 0 when all do.\n"
      "\n"
      "Examples:\n"
      "  ovpn-brokerctl health\n"
      "  ovpn-brokerctl health ovpnbroker.policy instances/office\n"
      "  ovpn-brokerctl health -o json | jq -r '.services[] | .service + \" \" + .status'");
  command->callback([&line, services] {
    line.run = [&line, services] { return RunHealth(line.global, *services); };
  });
}

}  // namespace ovpnbroker::ctl
