// ovpn-brokerctl instances: the OpenVPN processes that the broker owns.
#include <CLI/CLI.hpp>
#include <iostream>
#include <string>

#include "absl/strings/str_cat.h"
#include "server/ctl/admin_client.h"
#include "server/ctl/command.h"
#include "server/ctl/enum_text.h"
#include "server/ctl/human.h"
#include "server/ctl/instances_table.h"
#include "server/ctl/output.h"
#include "server/ctl/table.h"

namespace ovpnbroker::ctl {
namespace {

ExitCode RunInstances(const GlobalOptions& global) {
  const auto client = AdminClient::Connect(global);
  if (client == nullptr) return ExitCode::kUnreachable;
  admin::v1::ListInstancesResponse response;
  grpc::Status status = client->ListInstances(response);
  if (!status.ok()) return ReportFailure(status);
  if (!PrintedForPrograms(global, response)) {
    PrintInstances(global, response);
  }
  return ExitCode::kOk;
}

}  // namespace

void PrintInstances(const GlobalOptions& global, const admin::v1::ListInstancesResponse& response) {
  using enum Table::Align;
  using enum Table::Keep;
  Table table({{"INSTANCE"},
               {"STATE"},
               {"SINCE", kRight, kLong},
               {"PID", kRight, kShort},
               {"OPENVPN", kLeft, kShort},
               {"RESTARTS", kRight, kShort},
               {"SESSIONS", kRight},
               {"PENDING", kRight, kLong},
               {"POLICY", kLeft, kLong},
               {"DETAIL"},
               {"CONFIG", kLeft, kWide},
               {"MANAGEMENT", kLeft, kWide}});
  for (const admin::v1::Instance& instance : response.instances()) {
    table.AddRow(
        {instance.name(), StateCell(instance.state()), HumanAge(instance.state_change_time()),
         instance.pid() != 0 ? absl::StrCat(instance.pid()) : "", instance.openvpn_version(),
         absl::StrCat(instance.restart_count()), absl::StrCat(instance.established_session_count()),
         absl::StrCat(instance.pending_session_count()), instance.policy(), instance.detail(),
         instance.config_path(), instance.management_endpoint()});
  }
  PrintTable(global, table);
}

void AddInstancesCommand(CLI::App& app, CommandLine& line) {
  CLI::App* command = app.add_subcommand("instances", "The OpenVPN processes of the broker");
  command->footer(
      "Examples:\n"
      "  ovpn-brokerctl instances\n"
      "  ovpn-brokerctl instances -o json | jq -r '.instances[] | .name + \" \" + .state'");
  command->callback([&line] { line.run = [&line] { return RunInstances(line.global); }; });
}

}  // namespace ovpnbroker::ctl
