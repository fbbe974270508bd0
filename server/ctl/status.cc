// ovpn-brokerctl status: the broker, its instances and its policies on one screen.
#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "server/ctl/admin_client.h"
#include "server/ctl/command.h"
#include "server/ctl/enum_text.h"
#include "server/ctl/escape.h"
#include "server/ctl/human.h"
#include "server/ctl/instances_table.h"
#include "server/ctl/output.h"
#include "server/ctl/table.h"

namespace ovpnbroker::ctl {
namespace {

void PrintField(absl::string_view name, absl::string_view value) {
  constexpr size_t kNameWidth = 12;
  std::cout << name << std::string(kNameWidth - name.size(), ' ') << Escape(value) << "\n";
}

std::string DecisionsText(const admin::v1::DecisionStatistics& decisions) {
  uint64_t failed = 0;
  std::string causes;
  for (const admin::v1::FailureCount& failure : decisions.failures()) {
    failed += failure.count();
    absl::StrAppend(&causes, causes.empty() ? " (" : ", ", failure.cause(), " ", failure.count());
  }
  return absl::StrCat(decisions.allowed_count(), " allowed, ", decisions.denied_count(),
                      " denied, ", decisions.abstained_count(), " abstained, ", failed, " failed",
                      causes, causes.empty() ? "" : ")", ", ", decisions.open_count(), " open");
}

void PrintBroker(const admin::v1::Broker& broker) {
  PrintField("Broker", absl::StrCat("ovpn-brokerd ", broker.version(), ", pid ", broker.pid(),
                                    broker.draining() ? ", draining" : ""));
  PrintField("Up", HumanAge(broker.start_time()));
  PrintField("Config", broker.config_path());
  PrintField("Instances", absl::StrCat(broker.running_instance_count(), " of ",
                                       broker.instance_count(), " running"));
  PrintField("Sessions", absl::StrCat(broker.session_count(), ", ",
                                      broker.established_session_count(), " established"));
  PrintField("Decisions", DecisionsText(broker.decisions()));
}

Cell ReadyCell(bool ready) {
  return ready ? Cell("READY", Color::kGood) : Cell("NOT READY", Color::kBad);
}

void PrintPolicies(const GlobalOptions& global, const admin::v1::ListPoliciesResponse& response) {
  Table table({{"POLICY"},
               {"STATE"},
               {"IN FLIGHT", Table::Align::kRight},
               {"REVISION", Table::Align::kLeft, Table::Keep::kShort},
               {"SOURCE"},
               {"LAST ERROR"}});
  for (const admin::v1::Policy& policy : response.policies()) {
    const bool is_remote = policy.kind() == admin::v1::Policy::KIND_REMOTE;
    table.AddRow({policy.name(), ReadyCell(policy.ready()), absl::StrCat(policy.in_flight_count()),
                  policy.revision(),
                  is_remote ? absl::StrCat(policy.replicas_size(), " replicas") : policy.file(),
                  policy.last_error()});
    for (const admin::v1::PolicyReplica& replica : policy.replicas()) {
      table.AddRow(
          {policy.name(),
           replica.circuit_open() ? Cell("CIRCUIT OPEN", Color::kBad) : StateCell(replica.state()),
           absl::StrCat(replica.in_flight_count(), "/", replica.max_in_flight()),
           replica.revision(), replica.address(), replica.last_error()});
    }
  }
  PrintTable(global, table);
}

ExitCode RunStatus(const GlobalOptions& global) {
  const auto client = AdminClient::Connect(global);
  if (client == nullptr) return ExitCode::kUnreachable;
  admin::v1::GetBrokerResponse broker;
  admin::v1::ListInstancesResponse instances;
  admin::v1::ListPoliciesResponse policies;
  grpc::Status status = client->GetBroker(broker);
  if (status.ok()) status = client->ListInstances(instances);
  if (status.ok()) status = client->ListPolicies(policies);
  if (!status.ok()) return ReportFailure(status);

  if (PrintedForPrograms(global, {&broker, &instances, &policies})) return ExitCode::kOk;
  PrintBroker(broker.broker());
  std::cout << "\n";
  PrintInstances(global, instances);
  std::cout << "\n";
  PrintPolicies(global, policies);
  return ExitCode::kOk;
}

}  // namespace

void AddStatusCommand(CLI::App& app, CommandLine& line) {
  CLI::App* command = app.add_subcommand("status", "The broker, its instances and its policies");
  command->footer(
      "Examples:\n"
      "  ovpn-brokerctl status\n"
      "  ovpn-brokerctl status -o json | jq .broker.decisions");
  command->callback([&line] { line.run = [&line] { return RunStatus(line.global); }; });
}

}  // namespace ovpnbroker::ctl
