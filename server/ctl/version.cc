// ovpn-brokerctl version: of this program and of the broker that runs.
#include <google/protobuf/struct.pb.h>

#include <CLI/CLI.hpp>
#include <iostream>

#include "server/ctl/admin_client.h"
#include "server/ctl/command.h"
#include "server/ctl/escape.h"
#include "server/ctl/json.h"

namespace ovpnbroker::ctl {
namespace {

ExitCode RunVersion(const GlobalOptions& global) {
  google::protobuf::Struct versions;
  auto& fields = *versions.mutable_fields();
  fields["ovpn-brokerctl"].set_string_value(OVPNBROKER_VERSION);
  ExitCode exit_code = ExitCode::kUnreachable;
  if (const auto client = AdminClient::Connect(global.socket); client != nullptr) {
    admin::v1::GetBrokerResponse response;
    const grpc::Status status = client->GetBroker(response);
    exit_code = status.ok() ? ExitCode::kOk : ReportFailure(status);
    if (status.ok()) fields["ovpn-brokerd"].set_string_value(response.broker().version());
  }
  if (global.output == OutputFormat::kJson) {
    std::cout << ToJson(versions);
    return exit_code;
  }
  for (const char* program : {"ovpn-brokerctl", "ovpn-brokerd"}) {
    if (fields.count(program) == 0) continue;
    std::cout << program << " " << Escape(fields[program].string_value()) << "\n";
  }
  return exit_code;
}

}  // namespace

void AddVersionCommand(CLI::App& app, CommandLine& line) {
  CLI::App* command = app.add_subcommand("version", "Versions of this program and of the broker");
  command->footer(
      "`ovpn-brokerctl --version` asks no broker.\n"
      "\n"
      "Examples:\n"
      "  ovpn-brokerctl version");
  command->callback([&line] { line.run = [&line] { return RunVersion(line.global); }; });
}

}  // namespace ovpnbroker::ctl
