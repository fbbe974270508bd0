// ovpn-brokerctl instances: the OpenVPN processes that the broker owns.
#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "server/ctl/admin_client.h"
#include "server/ctl/command.h"
#include "server/ctl/enum_text.h"
#include "server/ctl/human.h"
#include "server/ctl/instance_verbs.h"
#include "server/ctl/instances_table.h"
#include "server/ctl/output.h"
#include "server/ctl/table.h"

namespace ovpnbroker::ctl {
namespace {

// A drain is what an operator looks for first.
std::string DetailOf(const admin::v1::Instance& instance) {
  if (!instance.has_drain()) return instance.detail();
  const std::string& reason = instance.drain().reason();
  return absl::StrCat("drained", reason.empty() ? "" : ": ", reason);
}

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

ExitCode RunShow(const GlobalOptions& global, const std::string& name) {
  const auto client = AdminClient::Connect(global);
  if (client == nullptr) return ExitCode::kUnreachable;
  admin::v1::GetInstanceResponse response;
  const grpc::Status status = client->GetInstance(name, response);
  if (!status.ok()) return ReportFailure(status);
  PrintWhole(global, response.instance());
  return ExitCode::kOk;
}

void AddShow(CLI::App& command, CommandLine& line) {
  CLI::App* show = command.add_subcommand("show", "One instance, all that is known about it");
  const auto name = std::make_shared<std::string>();
  show->add_option("NAME", *name, "The instance's name")->required()->type_name("");
  show->footer(
      "Examples:\n"
      "  ovpn-brokerctl instances show office");
  show->callback(
      [&line, name] { line.run = [&line, name] { return RunShow(line.global, *name); }; });
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
         absl::StrCat(instance.pending_session_count()), instance.policy(), DetailOf(instance),
         instance.config_path(), instance.management_endpoint()});
  }
  PrintTable(global, table);
}

void AddInstancesCommand(CLI::App& app, CommandLine& line) {
  CLI::App* command = app.add_subcommand("instances", "The OpenVPN processes of the broker");
  command->footer(
      "Examples:\n"
      "  ovpn-brokerctl instances\n"
      "  ovpn-brokerctl instances restart office --reason \"new certificate\"\n"
      "  ovpn-brokerctl instances -o json | jq -r '.instances[] | .name + \" \" + .state'");
  AddInstanceVerbs(*command, line);
  AddShow(*command, line);
  command->callback([&line, command] {
    if (!command->get_subcommands().empty()) return;  // its own callback came before
    line.run = [&line] { return RunInstances(line.global); };
  });
}

}  // namespace ovpnbroker::ctl
