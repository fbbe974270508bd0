// ovpn-brokerctl reload: takes the configuration file over, or shows what that would do; and
// ovpn-brokerctl config show: what is in force.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <iostream>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "server/config/config_yaml.h"
#include "server/ctl/call.h"
#include "server/ctl/escape.h"
#include "server/ctl/human.h"
#include "server/ctl/table.h"

namespace ovpnbroker::ctl {
namespace {

namespace v1 = admin::v1;

// Rules files and credentials are read, and names are looked up, before the answer.
constexpr std::chrono::seconds kReloadTimeout{60};

Cell EffectCell(const v1::ConfigChange& change) {
  switch (change.effect()) {
    case v1::ConfigChange::EFFECT_LIVE:
      return Cell("live", Color::kGood);
    case v1::ConfigChange::EFFECT_INSTANCE_STOP:
      return Cell(change.refused() ? absl::StrCat("stop ", change.instance(), " first")
                                   : absl::StrCat(change.instance(), " is stopped: live"),
                  change.refused() ? Color::kBad : Color::kGood);
    default:
      return Cell("broker restart", Color::kBad);
  }
}

bool IsRefused(const v1::ReloadConfigResponse& response) {
  return std::any_of(response.changes().begin(), response.changes().end(),
                     [](const v1::ConfigChange& change) { return change.refused(); });
}

void PrintReload(const GlobalOptions& global, const v1::ReloadConfigResponse& response) {
  Table table({{"FIELD"}, {"OLD"}, {"NEW"}, {"TAKES"}});
  for (const v1::ConfigChange& change : response.changes()) {
    table.AddRow({change.path(), change.old_value(), change.new_value(), EffectCell(change)});
  }
  if (response.changes_size() > 0) PrintTable(global, table);
  for (const std::string& warning : response.warnings()) std::cerr << Escape(warning) << "\n";
  if (response.applied()) {
    std::cout << (response.changes_size() > 0 ? "reloaded\n" : "reloaded; nothing has changed\n");
  } else if (IsRefused(response)) {
    std::cout << "a reload would be refused as a whole\n";
  } else {
    std::cout << (response.changes_size() > 0 ? "a reload would take this over\n"
                                              : "nothing has changed\n");
  }
}

ExitCode RunReload(const GlobalOptions& global, const v1::ReloadConfigRequest& request) {
  return CallAndJudge(
      global, request, &v1::BrokerService::Stub::ReloadConfig, kReloadTimeout,
      [&global](const v1::ReloadConfigResponse& response) { PrintReload(global, response); },
      [](const v1::ReloadConfigResponse& response) {
        return IsRefused(response) ? ExitCode::kFailed : ExitCode::kOk;
      });
}

// A file that the daemon takes, for people and with `-o yaml`; the message with `-o json`.
ExitCode RunShow(GlobalOptions global) {
  if (global.output == OutputFormat::kYaml) global.output = OutputFormat::kTable;
  return CallAndShow(global, v1::GetConfigRequest(), &v1::BrokerService::Stub::GetConfig,
                     kCallTimeout, [](const v1::GetConfigResponse& response) {
                       std::cout << "# " << Escape(response.path()) << ", in force since "
                                 << HumanTime(response.load_time()) << "\n"
                                 << server::ConfigYaml(response.config());
                     });
}

}  // namespace

void AddReloadCommand(CLI::App& app, CommandLine& line) {
  CLI::App* command = app.add_subcommand("reload", "Take the configuration file over");
  const auto request = std::make_shared<v1::ReloadConfigRequest>();
  const auto dry_run = std::make_shared<bool>(false);
  const auto reason = std::make_shared<std::string>();
  command->add_flag("--dry-run", *dry_run, "Show what would change and what it takes; do nothing");
  command->add_option("--reason", *reason, "Why; for the audit record")->type_name("TEXT");
  command->footer(
      "All changes come into force, or none: a field that needs a stopped instance or another\n"
      "start of the broker refuses the reload. SIGHUP does the same.\n"
      "Exit code 1 when it was, or would be, refused; 2 is for wrong arguments only.\n"
      "\n"
      "Examples:\n"
      "  ovpn-brokerctl reload --dry-run\n"
      "  ovpn-brokerctl reload --reason \"second policy server\"");
  command->callback([&line, request, dry_run, reason] {
    line.run = [&line, request, dry_run, reason] {
      request->set_validate_only(*dry_run);
      request->set_reason(*reason);
      return RunReload(line.global, *request);
    };
  });
}

void AddConfigCommand(CLI::App& app, CommandLine& line) {
  CLI::App* command = app.add_subcommand("config", "The configuration in force");
  command->require_subcommand(1);
  CLI::App* show = command->add_subcommand("show", "All fields, with defaults; secrets masked");
  show->footer(
      "As a configuration file, which `ovpn-brokerd --check-config` accepts; -o json has the "
      "API's\n"
      "message.\n"
      "\n"
      "Examples:\n"
      "  ovpn-brokerctl config show\n"
      "  ovpn-brokerctl config show -o yaml | tee effective.yaml\n"
      "  ovpn-brokerctl config show -o json | jq .config.instances[0].decision");
  show->callback([&line] { line.run = [&line] { return RunShow(line.global); }; });
}

}  // namespace ovpnbroker::ctl
