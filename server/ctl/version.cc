// ovpn-brokerctl version: of this program and of the broker that runs.
#include <CLI/CLI.hpp>
#include <iostream>
#include <string>

#include "absl/strings/str_cat.h"
#include "server/ctl/admin_client.h"
#include "server/ctl/command.h"
#include "server/ctl/escape.h"
#include "server/ctl/json.h"
#include "server/ctl/output.h"

namespace ovpnbroker::ctl {
namespace {

constexpr char kOwnVersion[] = OVPNBROKER_VERSION;

void PrintVersions(const GlobalOptions& global, const std::string& broker) {
  const std::string json =
      absl::StrCat("{\"ovpn-brokerctl\": ", JsonString(kOwnVersion),
                   ", \"ovpn-brokerd\": ", broker.empty() ? "null" : JsonString(broker), "}\n");
  if (PrintedForPrograms(global, json)) return;
  std::cout << "ovpn-brokerctl " << kOwnVersion << "\n";
  if (!broker.empty()) std::cout << "ovpn-brokerd " << Escape(broker) << "\n";
}

ExitCode RunVersion(const GlobalOptions& global) {
  ExitCode exit_code = ExitCode::kUnreachable;
  admin::v1::GetBrokerResponse response;
  if (const auto client = AdminClient::Connect(global); client != nullptr) {
    grpc::Status status = client->GetBroker(response);
    exit_code = status.ok() ? ExitCode::kOk : ReportFailure(status);
  }
  PrintVersions(global, response.broker().version());
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
