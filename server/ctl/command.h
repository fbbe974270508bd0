// What the subcommands share: the options before them, and how each adds itself to the command
// line. One file a subcommand. Single-threaded.
#pragma once

#include <functional>
#include <string>

#include "server/ctl/endpoint.h"
#include "server/ctl/exit_code.h"

namespace CLI {
class App;
}

namespace ovpnbroker::ctl {

enum class OutputFormat { kTable, kWide, kJson, kYaml };

struct GlobalOptions {
  EndpointOptions endpoint;
  OutputFormat output = OutputFormat::kTable;
};

// What the chosen subcommand left to be run after the command line was read.
struct CommandLine {
  GlobalOptions global;
  std::function<ExitCode()> run;
};

void AddStatusCommand(CLI::App& app, CommandLine& line);
void AddHealthCommand(CLI::App& app, CommandLine& line);
void AddTopCommand(CLI::App& app, CommandLine& line);
void AddEventsCommand(CLI::App& app, CommandLine& line);
void AddInstancesCommand(CLI::App& app, CommandLine& line);
void AddSessionsCommand(CLI::App& app, CommandLine& line);
void AddBansCommand(CLI::App& app, CommandLine& line);
void AddPoolsCommand(CLI::App& app, CommandLine& line);
void AddKillCommand(CLI::App& app, CommandLine& line);
void AddLogsCommand(CLI::App& app, CommandLine& line);
void AddLogLevelCommand(CLI::App& app, CommandLine& line);
void AddDecisionsCommand(CLI::App& app, CommandLine& line);
void AddExplainCommand(CLI::App& app, CommandLine& line);
void AddShadowCommand(CLI::App& app, CommandLine& line);
void AddConfigCommand(CLI::App& app, CommandLine& line);
void AddReloadCommand(CLI::App& app, CommandLine& line);
void AddPoliciesCommand(CLI::App& app, CommandLine& line);
void AddCheckConfigCommand(CLI::App& app, CommandLine& line);
void AddContextCommand(CLI::App& app, CommandLine& line);
void AddImportCommand(CLI::App& app, CommandLine& line);
void AddPolicyCommand(CLI::App& app, CommandLine& line);
void AddRecordCommand(CLI::App& app, CommandLine& line);
void AddReplayCommand(CLI::App& app, CommandLine& line);
void AddVersionCommand(CLI::App& app, CommandLine& line);

}  // namespace ovpnbroker::ctl
