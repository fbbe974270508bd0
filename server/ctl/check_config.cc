// ovpn-brokerctl check-config: what the daemon would say of a configuration, without a daemon.
#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/config/config_loader.h"
#include "server/ctl/command.h"
#include "server/ctl/json.h"
#include "server/ctl/output.h"

namespace ovpnbroker::ctl {
namespace {

std::string FindingAsJson(const server::Finding& finding) {
  const bool is_error = finding.severity == server::Finding::Severity::kError;
  return absl::StrCat("  {\"severity\": ", is_error ? "\"error\"" : "\"warning\"",
                      ", \"file\": ", JsonString(finding.place.file),
                      ", \"line\": ", finding.place.line, ", \"column\": ", finding.place.column,
                      ", \"path\": ", JsonString(finding.path),
                      ", \"message\": ", JsonString(finding.message), "}");
}

std::string FindingsAsJson(const server::LoadedConfig& loaded) {
  std::vector<std::string> findings;
  findings.reserve(loaded.findings.size());
  for (const server::Finding& finding : loaded.findings) {
    findings.push_back(FindingAsJson(finding));
  }
  return absl::StrCat("{\n \"ok\": ", loaded.ok() ? "true" : "false", ",\n \"findings\": [",
                      findings.empty() ? "" : "\n", absl::StrJoin(findings, ",\n"),
                      findings.empty() ? "" : "\n ", "]\n}\n");
}

ExitCode RunCheckConfig(const GlobalOptions& global, const std::string& file) {
  const server::LoadedConfig loaded = server::LoadConfig(file);
  if (!PrintedForPrograms(global, FindingsAsJson(loaded))) {
    std::cerr << server::FormatFindings(loaded.findings);
    if (loaded.ok()) {
      std::cout << file << ": ok; instances: " << loaded.config.instances_size()
                << ", policies: " << loaded.config.policies_size() << "\n";
    }
  }
  return loaded.ok() ? ExitCode::kOk : ExitCode::kUsage;
}

}  // namespace

void AddCheckConfigCommand(CLI::App& app, CommandLine& line) {
  CLI::App* command =
      app.add_subcommand("check-config", "Check a configuration file; needs no running broker");
  const auto file = std::make_shared<std::string>();
  command->add_option("FILE", *file, "The broker's configuration")->required()->type_name("");
  command->footer(
      "All errors are told at once, each with file, line and column. Exit code 2 with errors,\n"
      "0 without; warnings do not count.\n"
      "\n"
      "Examples:\n"
      "  ovpn-brokerctl check-config /etc/ovpn-broker/broker.yaml\n"
      "  ovpn-brokerctl check-config broker.yaml -o json | jq -r '.findings[].message'");
  command->callback(
      [&line, file] { line.run = [&line, file] { return RunCheckConfig(line.global, *file); }; });
}

}  // namespace ovpnbroker::ctl
