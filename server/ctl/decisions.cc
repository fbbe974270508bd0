// ovpn-brokerctl decisions: the last decisions, one a line.
#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/ctl/admin_client.h"
#include "server/ctl/command.h"
#include "server/ctl/enum_text.h"
#include "server/ctl/human.h"
#include "server/ctl/output.h"
#include "server/ctl/session_selection.h"
#include "server/ctl/table.h"

namespace ovpnbroker::ctl {
namespace {

constexpr int kDefaultLimit = 50;

struct DecisionsOptions {
  std::string instance;
  std::string common_name;
  std::string username;
  std::string result;
  std::string filter;
  bool open = false;
  int limit = kDefaultLimit;
};

std::string BuildFilter(const DecisionsOptions& options) {
  std::vector<std::string> terms =
      PatternTerms({{"instance", options.instance},
                    {"common_name", options.common_name},
                    {"username", options.username},
                    {"result", absl::AsciiStrToUpper(options.result)}});
  if (!options.filter.empty()) terms.push_back(options.filter);
  return JoinTerms(terms);
}

void PrintDecisions(const GlobalOptions& global, const admin::v1::ListDecisionsResponse& response) {
  using enum Table::Align;
  using enum Table::Keep;
  Table table({{"ID"},
               {"AGE", kRight},
               {"INSTANCE", kLeft, kLong},
               {"KIND", kLeft, kShort},
               {"COMMON NAME"},
               {"USERNAME"},
               {"RESULT"},
               {"OUTCOME", kLeft, kLong},
               {"TOOK", kRight, kShort},
               {"POLICY", kLeft, kShort},
               {"DETAIL", kLeft, kLong},
               {"FROM", kLeft, kWide},
               {"SESSION", kLeft, kWide}});
  for (const admin::v1::Decision& decision : response.decisions()) {
    table.AddRow({decision.id(), HumanAge(decision.receive_time()), decision.instance(),
                  decision.kind(), decision.common_name(), decision.username(),
                  DecisionResultCell(decision.result()), decision.outcome(),
                  HumanMillis(decision.latency()), decision.policy(), decision.detail(),
                  decision.real_address(), decision.session_uid()});
  }
  PrintTable(global, table);
}

ExitCode RunDecisions(const GlobalOptions& global, const DecisionsOptions& options) {
  const auto client = AdminClient::Connect(global);
  if (client == nullptr) return ExitCode::kUnreachable;
  admin::v1::ListDecisionsResponse response;
  const std::string filter = BuildFilter(options);
  const grpc::Status status = options.open
                                  ? client->ListOpenDecisions(filter, options.limit, response)
                                  : client->ListDecisions(filter, options.limit, response);
  if (!status.ok()) return ReportSelectionFailure(status);
  if (!PrintedForPrograms(global, response)) {
    PrintDecisions(global, response);
  }
  return ExitCode::kOk;
}

ExitCode RunShow(const GlobalOptions& global, const std::string& id) {
  const auto client = AdminClient::Connect(global);
  if (client == nullptr) return ExitCode::kUnreachable;
  admin::v1::GetDecisionResponse response;
  const grpc::Status status = client->GetDecision(id, response);
  if (!status.ok()) return ReportFailure(status);
  PrintWhole(global, response.decision());
  return ExitCode::kOk;
}

void AddShow(CLI::App& command, CommandLine& line) {
  CLI::App* show = command.add_subcommand("show", "One decision, all that is known about it");
  const auto id = std::make_shared<std::string>();
  show->add_option("ID", *id, "The decision's id")->required()->type_name("");
  show->footer(
      "`explain` tells the same as a story.\n"
      "\n"
      "Examples:\n"
      "  ovpn-brokerctl decisions show 018f8c1e-7b9a-7c3e-9a51-0d3c1f6a2b44");
  show->callback([&line, id] { line.run = [&line, id] { return RunShow(line.global, *id); }; });
}

}  // namespace

void AddDecisionsCommand(CLI::App& app, CommandLine& line) {
  CLI::App* command = app.add_subcommand("decisions", "The last decisions, the newest first");
  const auto options = std::make_shared<DecisionsOptions>();
  command->add_option("--instance", options->instance, "Only of this instance")->type_name("NAME");
  command->add_option("--cn", options->common_name, "Only of this common name (* and ? match)")
      ->type_name("NAME");
  command->add_option("--user", options->username, "Only of this username (* and ? match)")
      ->type_name("NAME");
  command
      ->add_option(
          "--result", options->result,
          absl::StrCat("Only with this result: ", absl::StrJoin(DecisionResultNames(), ", ")))
      ->type_name("RESULT");
  command
      ->add_option("--filter", options->filter,
                   "More conditions, e.g. 'code = \"QUOTA\" AND kind = \"REAUTH\"'")
      ->type_name("FILTER");
  command->add_flag("--open", options->open, "Those that are not finished yet, instead");
  command->add_option("--limit", options->limit, "At most this many")
      ->type_name("N")
      ->check(CLI::Range(1, 4096))
      ->capture_default_str();
  command->footer(
      "A decision is listed when nothing more can be learned about it: OpenVPN has said what it\n"
      "made of the answer; before that with --open. `explain` tells one client's decisions in "
      "full.\n"
      "\n"
      "Examples:\n"
      "  ovpn-brokerctl decisions\n"
      "  ovpn-brokerctl decisions --open\n"
      "  ovpn-brokerctl decisions --result denied --user 'contractor-*'\n"
      "  ovpn-brokerctl decisions -o json | jq -r '.decisions[] | .id + \" \" + .result'");
  AddShow(*command, line);
  command->callback([&line, options, command] {
    if (!command->get_subcommands().empty()) return;  // its own callback came before
    line.run = [&line, options] { return RunDecisions(line.global, *options); };
  });
}

}  // namespace ovpnbroker::ctl
