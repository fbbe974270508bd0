// ovpn-brokerctl: what operators type. Reads the command line, runs one subcommand.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <clocale>
#include <cstdio>
#include <exception>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "ovpn/base/suggest.h"
#include "server/ctl/admin_client.h"
#include "server/ctl/command.h"
#include "server/ctl/completion.h"
#include "server/ctl/escape.h"
#include "server/man/help_formatter.h"
#include "server/man/man_page.h"
#include "server/program/grpc_end.h"

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
    "  5  replay: a verdict is not as recorded\n"
    "  6  health: something does not serve\n"
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
  auto* socket =
      add("--socket", endpoint.socket, "PATH",
          "Socket of a broker here [/run/ovpn-broker/admin.sock] (env OVPN_BROKER_SOCKET)");
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

// The subcommands that were understood, from the program to the last one.
std::vector<const CLI::App*> ParsedPath(const CLI::App& app) {
  std::vector<const CLI::App*> path = {&app};
  while (!path.back()->get_subcommands().empty()) {
    path.push_back(path.back()->get_subcommands().front());
  }
  return path;
}

// What the library would call unexpected or missing: names what is nearest to the word that nobody
// understood.
int UnknownWord(const CLI::App& app, const std::string& word) {
  const std::vector<const CLI::App*> path = ParsedPath(app);
  const bool is_option = absl::StartsWith(word, "-");
  std::vector<std::string> names;
  for (const auto& candidate : ovpnbroker::ctl::Complete(app, [&] {
         std::vector<std::string> words;
         for (size_t i = 1; i < path.size(); ++i) words.push_back(path[i]->get_name());
         words.emplace_back(is_option ? "-" : "");
         return words;
       }())) {
    names.push_back(candidate.word);
  }
  const bool has_commands = !path.back()->get_subcommands({}).empty();
  const char* kind = is_option ? "option" : has_commands ? "command" : "further argument";
  const std::vector<absl::string_view> known(names.begin(), names.end());
  ovpnbroker::ctl::PrintError(absl::StrCat(
      "there is no ", kind, " '", ovpnbroker::ctl::Escape(word), "'",
      path.size() > 1 ? absl::StrCat(" of ", path.back()->get_name()) : "",
      ovpnbroker::ovpn::DidYouMean(word, known), "\nRun with --help for more information."));
  return static_cast<int>(ExitCode::kUsage);
}

struct CommandGroup {
  const char* title;
  std::vector<void (*)(CLI::App&, CommandLine&)> commands;
};

// The order and the headings of --help.
std::vector<CommandGroup> CommandGroups() {
  using namespace ovpnbroker::ctl;  // NOLINT: a table of its names
  return {
      {"Look",
       {AddStatusCommand, AddHealthCommand, AddTopCommand, AddInstancesCommand, AddSessionsCommand,
        AddBansCommand, AddPoolsCommand, AddEventsCommand, AddLogsCommand, AddVersionCommand}},
      {"Decisions", {AddDecisionsCommand, AddExplainCommand, AddShadowCommand, AddPoliciesCommand}},
      {"Act", {AddKillCommand, AddLogLevelCommand, AddReloadCommand}},
      {"Prepare",
       {AddCheckConfigCommand, AddImportCommand, AddPolicyCommand, AddRecordCommand,
        AddReplayCommand, AddContextCommand, AddConfigCommand}}};
}

void AddCommands(CLI::App& app, CommandLine& line) {
  for (const CommandGroup& group : CommandGroups()) {
    for (const auto add : group.commands) {
      add(app, line);
      app.get_subcommands([](CLI::App*) { return true; }).back()->group(group.title);
    }
  }
}

// What the completions of the shells ask: WORD, a tab, DESCRIPTION.
int PrintCompletions(const CLI::App& app, const std::vector<std::string>& words) {
  for (const auto& candidate : ovpnbroker::ctl::Complete(app, words)) {
    std::cout << candidate.word << "\t" << candidate.description << "\n";
  }
  return static_cast<int>(ExitCode::kOk);
}

int PrintManPage(const CLI::App& app) {
  ovpnbroker::server::WriteManPage(
      app,
      {"1", "shows and steers a running ovpn-broker",
       "It talks to the admin API of ovpn-brokerd: on its unix socket, or over mutual TLS with a\n"
       "broker elsewhere. Options before or behind the command mean the same.",
       "/run/ovpn-broker/admin.sock  the broker's admin socket\n"
       "~/.config/ovpn-broker/contexts.yaml  brokers by name, see context\n",
       "ovpn-brokerd(8), ovpn-broker.yaml(5)"},
      std::cout);
  return static_cast<int>(ExitCode::kOk);
}

int Run(int argc, char** argv) {
  // Widths of characters in tables; the messages stay English.
  std::setlocale(LC_CTYPE, "C.UTF-8");

  CLI::App app("Shows and steers a running ovpn-broker.", "ovpn-brokerctl");
  app.formatter(std::make_shared<ovpnbroker::server::HelpFormatter>());
  CommandLine line;
  AddGlobalOptions(app, line);
  app.set_version_flag("--version", "ovpn-brokerctl " OVPNBROKER_VERSION);
  app.require_subcommand(1);
  app.fallthrough();
  app.footer(kFooter);
  AddCommands(app, line);
  const std::vector<std::string> words(argv + std::min(argc, 2), argv + argc);
  const absl::string_view first = argc > 1 ? argv[1] : "";
  if (first == ovpnbroker::ctl::kCompleteWord) return PrintCompletions(app, words);
  if (first == ovpnbroker::server::kManWord) return PrintManPage(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const std::vector<std::string> left = app.remaining(/*recurse=*/true);
    const bool is_call_for_help = error.get_exit_code() == 0;
    if (!is_call_for_help && !left.empty()) return UnknownWord(app, left.front());
    app.exit(error);
    return static_cast<int>(is_call_for_help ? ExitCode::kOk : ExitCode::kUsage);
  }
  return static_cast<int>(line.run());
}

}  // namespace

int main(int argc, char** argv) {
  const ovpnbroker::server::GrpcEnd grpc_end;
  try {
    return Run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "ovpn-brokerctl: %s\n", error.what());
    return static_cast<int>(ExitCode::kFailed);
  }
}
