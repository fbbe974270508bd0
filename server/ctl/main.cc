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
using ovpnbroker::ctl::EndpointOptions;
using ovpnbroker::ctl::ExitCode;
using ovpnbroker::ctl::OutputFormat;

constexpr char kFooter[] =
    "Exit codes:\n"
    "  0  done\n"
    "  1  the broker refused, or could not do it; policy test: denied\n"
    "  2  wrong arguments, or a configuration with errors\n"
    "  3  no broker answers, or the options, the context or its files lead to none\n"
    "  4  there is no such session, instance, decision, ...\n"
    "\n"
    "Examples:\n"
    "  ovpn-brokerctl status\n"
    "  ovpn-brokerctl sessions --user alice\n"
    "  ovpn-brokerctl kill --user alice --reason \"laptop lost\"\n"
    "  ovpn-brokerctl sessions -o json | jq -r '.sessions[].uid'\n"
    "\n"
    "`ovpn-brokerctl COMMAND --help` tells more about each command.";

void AddEndpointOptions(CLI::App& app, EndpointOptions& endpoint) {
  const auto add = [&app](const char* name, std::string& value, const char* type,
                          const char* help) {
    return app.add_option(name, value, help)->type_name(type)->group("Which broker");
  };
  add("--context", endpoint.context, "NAME",
      "A broker of the contexts file (env OVPN_BROKER_CONTEXT)");
  auto* socket = add("--socket", endpoint.socket, "PATH",
                     "Admin socket of a broker on this machine (env OVPN_BROKER_SOCKET) "
                     "[/run/ovpn-broker/admin.sock]");
  add("--server", endpoint.server, "ADDRESS:PORT", "A broker elsewhere, over mutual TLS")
      ->excludes(socket);
  add("--ca", endpoint.ca, "FILE", "Who signed its certificate");
  add("--cert", endpoint.certificate, "FILE", "Your certificate");
  add("--key", endpoint.key, "FILE", "Its private key, which nobody else can read");
  add("--server-name", endpoint.server_name, "NAME",
      "A name in its certificate, when that is not the address");
}

void AddGlobalOptions(CLI::App& app, CommandLine& line) {
  AddEndpointOptions(app, line.global.endpoint);
  const std::map<std::string, OutputFormat> formats = {{"table", OutputFormat::kTable},
                                                       {"wide", OutputFormat::kWide},
                                                       {"json", OutputFormat::kJson},
                                                       {"yaml", OutputFormat::kYaml}};
  app.add_option("-o,--output", line.global.output, "Output format: table, wide, json or yaml")
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
  ovpnbroker::ctl::AddContextCommand(app, line);
  ovpnbroker::ctl::AddImportCommand(app, line);
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
