// ovpn-brokerctl: what operators type. Reads the command line, runs one subcommand.
#include <CLI/CLI.hpp>
#include <clocale>
#include <cstdio>
#include <exception>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "ovpn/base/suggest.h"
#include "server/ctl/admin_client.h"
#include "server/ctl/command.h"
#include "server/ctl/escape.h"

namespace {

using ovpnbroker::ctl::CommandLine;
using ovpnbroker::ctl::ExitCode;
using ovpnbroker::ctl::OutputFormat;

constexpr char kDefaultSocket[] = "/run/ovpn-broker/admin.sock";

constexpr char kFooter[] =
    "Exit codes:\n"
    "  0  done\n"
    "  1  the broker refused, or could not do it; policy test: denied\n"
    "  2  wrong arguments, or a configuration with errors\n"
    "  3  no broker answers at the socket\n"
    "  4  no such session\n"
    "\n"
    "Examples:\n"
    "  ovpn-brokerctl status\n"
    "  ovpn-brokerctl sessions --user alice\n"
    "  ovpn-brokerctl kill --user alice --reason \"laptop lost\"\n"
    "  ovpn-brokerctl sessions -o json | jq -r '.sessions[].uid'\n"
    "\n"
    "`ovpn-brokerctl COMMAND --help` tells more about each command.";

void AddGlobalOptions(CLI::App& app, CommandLine& line) {
  line.global.socket = kDefaultSocket;
  app.add_option("--socket", line.global.socket, "Admin socket of the broker")
      ->envname("OVPN_BROKER_SOCKET")
      ->type_name("PATH")
      ->capture_default_str();
  const std::map<std::string, OutputFormat> formats = {{"table", OutputFormat::kTable},
                                                       {"json", OutputFormat::kJson}};
  app.add_option("-o,--output", line.global.output, "Output format: table or json")
      ->transform(CLI::CheckedTransformer(formats, CLI::ignore_case).description(""))
      ->type_name("FORMAT")
      ->default_str("table");
}

// The library would only say that a subcommand is required.
int UnknownCommand(const CLI::App& app, const std::string& word) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands({})) names.push_back(command->get_name());
  const std::vector<absl::string_view> known(names.begin(), names.end());
  ovpnbroker::ctl::PrintError(absl::StrCat("there is no command '", ovpnbroker::ctl::Escape(word),
                                           "'", ovpnbroker::ovpn::DidYouMean(word, known),
                                           "\nRun with --help for more information."));
  return static_cast<int>(ExitCode::kUsage);
}

int Run(int argc, char** argv) {
  // Widths of characters in tables; the messages stay English.
  std::setlocale(LC_CTYPE, "C.UTF-8");

  CLI::App app("Shows and steers a running ovpn-broker.", "ovpn-brokerctl");
  CommandLine line;
  AddGlobalOptions(app, line);
  app.set_version_flag("--version", "ovpn-brokerctl " OVPNBROKER_VERSION);
  app.require_subcommand(1);
  app.fallthrough();
  app.footer(kFooter);
  ovpnbroker::ctl::AddStatusCommand(app, line);
  ovpnbroker::ctl::AddInstancesCommand(app, line);
  ovpnbroker::ctl::AddSessionsCommand(app, line);
  ovpnbroker::ctl::AddPoolsCommand(app, line);
  ovpnbroker::ctl::AddKillCommand(app, line);
  ovpnbroker::ctl::AddLogsCommand(app, line);
  ovpnbroker::ctl::AddLogLevelCommand(app, line);
  ovpnbroker::ctl::AddDecisionsCommand(app, line);
  ovpnbroker::ctl::AddExplainCommand(app, line);
  ovpnbroker::ctl::AddShadowCommand(app, line);
  ovpnbroker::ctl::AddCheckConfigCommand(app, line);
  ovpnbroker::ctl::AddPolicyCommand(app, line);
  ovpnbroker::ctl::AddVersionCommand(app, line);
  try {
    app.parse(argc, argv);
  } catch (const CLI::RequiredError& error) {
    if (!app.remaining().empty()) return UnknownCommand(app, app.remaining().front());
    app.exit(error);
    return static_cast<int>(ExitCode::kUsage);
  } catch (const CLI::ParseError& error) {
    const bool is_help = app.exit(error) == 0;
    return static_cast<int>(is_help ? ExitCode::kOk : ExitCode::kUsage);
  }
  return static_cast<int>(line.run());
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return Run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "ovpn-brokerctl: %s\n", error.what());
    return static_cast<int>(ExitCode::kFailed);
  }
}
