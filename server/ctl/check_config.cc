// ovpn-brokerctl check-config: what the daemon would say of a configuration, without a daemon.
#include <google/protobuf/struct.pb.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <string>

#include "server/config/config_loader.h"
#include "server/ctl/command.h"
#include "server/ctl/json.h"

namespace ovpnbroker::ctl {
namespace {

google::protobuf::Value StringValue(const std::string& text) {
  google::protobuf::Value value;
  value.set_string_value(text);
  return value;
}

google::protobuf::Value NumberValue(int number) {
  google::protobuf::Value value;
  value.set_number_value(number);
  return value;
}

google::protobuf::Struct FindingsAsStruct(const server::LoadedConfig& loaded) {
  google::protobuf::Struct result;
  auto& fields = *result.mutable_fields();
  fields["ok"].set_bool_value(loaded.ok());
  auto& list = *fields["findings"].mutable_list_value();
  for (const server::Finding& finding : loaded.findings) {
    auto& item = *list.add_values()->mutable_struct_value()->mutable_fields();
    const bool is_error = finding.severity == server::Finding::Severity::kError;
    item["severity"] = StringValue(is_error ? "error" : "warning");
    item["file"] = StringValue(finding.place.file);
    item["line"] = NumberValue(finding.place.line);
    item["column"] = NumberValue(finding.place.column);
    item["path"] = StringValue(finding.path);
    item["message"] = StringValue(finding.message);
  }
  return result;
}

ExitCode RunCheckConfig(const GlobalOptions& global, const std::string& file) {
  const server::LoadedConfig loaded = server::LoadConfig(file);
  if (global.output == OutputFormat::kJson) {
    std::cout << ToJson(FindingsAsStruct(loaded));
  } else {
    std::cerr << server::FormatFindings(loaded.findings);
    if (loaded.ok()) {
      std::cout << file << ": ok, " << loaded.config.instances_size() << " instances, "
                << loaded.config.policies_size() << " policies\n";
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
