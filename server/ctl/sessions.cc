// ovpn-brokerctl sessions: who is connected.
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

struct SessionsOptions {
  std::string instance;
  std::string common_name;
  std::string username;
  std::string state;
  std::string filter;
  std::string order;
  bool descending = false;
  bool all = false;
};

std::string BuildFilter(const SessionsOptions& options) {
  std::vector<std::string> terms = PatternTerms({{"instance", options.instance},
                                                 {"common_name", options.common_name},
                                                 {"username", options.username},
                                                 {"state", absl::AsciiStrToUpper(options.state)}});
  if (!options.filter.empty()) terms.push_back(options.filter);
  if (!options.all && options.state.empty() && options.filter.empty()) terms.push_back(LiveTerm());
  return JoinTerms(terms);
}

void PrintSessions(const GlobalOptions& global, const admin::v1::ListSessionsResponse& response) {
  using enum Table::Align;
  using enum Table::Keep;
  Table table({{"UID"},
               {"INSTANCE", kLeft, kLong},
               {"STATE"},
               {"COMMON NAME"},
               {"USERNAME"},
               {"FROM", kLeft, kShort},
               {"TUNNEL ADDRESS", kLeft, kLong},
               {"SINCE", kRight, kLong},
               {"RECEIVED", kRight, kShort},
               {"SENT", kRight, kShort},
               {"POLICY", kLeft, kShort},
               {"PLATFORM", kLeft, kWide},
               {"CLIENT", kLeft, kWide},
               {"REVISION", kLeft, kWide},
               {"END REASON", kLeft, kWide}});
  for (const type::v1::Session& session : response.sessions()) {
    table.AddRow({session.uid(), session.instance(), StateCell(session.state()),
                  session.common_name(), session.username(), session.real_address(),
                  absl::StrJoin(session.virtual_addresses(), ","), HumanAge(session.create_time()),
                  HumanBytes(session.received_bytes()), HumanBytes(session.sent_bytes()),
                  session.policy(), session.platform(), session.client_version(),
                  session.policy_revision(), session.end_reason()});
  }
  PrintTable(global, table);
}

ExitCode RunSessions(const GlobalOptions& global, const SessionsOptions& options) {
  const auto client = AdminClient::Connect(global);
  if (client == nullptr) return ExitCode::kUnreachable;
  admin::v1::ListSessionsResponse response;
  grpc::Status status = client->ListSessions(
      BuildFilter(options), response,
      options.descending ? absl::StrCat(options.order, " desc") : options.order);
  if (!status.ok()) return ReportSelectionFailure(status);
  if (!PrintedForPrograms(global, response)) {
    PrintSessions(global, response);
  }
  return ExitCode::kOk;
}

ExitCode RunShow(const GlobalOptions& global, const std::string& uid) {
  const auto client = AdminClient::Connect(global);
  if (client == nullptr) return ExitCode::kUnreachable;
  admin::v1::GetSessionResponse response;
  const grpc::Status status = client->GetSession(uid, response);
  if (!status.ok()) return ReportFailure(status);
  PrintWhole(global, response.session());
  return ExitCode::kOk;
}

void AddShow(CLI::App& command, CommandLine& line) {
  CLI::App* show = command.add_subcommand("show", "One session, all that is known about it");
  const auto uid = std::make_shared<std::string>();
  show->add_option("UID", *uid, "The session's uid")->required()->type_name("");
  show->footer(
      "Examples:\n"
      "  ovpn-brokerctl sessions show 0192f4c8-6a51-7c1e-9d55-2f0f3a7d9b10");
  show->callback([&line, uid] { line.run = [&line, uid] { return RunShow(line.global, *uid); }; });
}

}  // namespace

void AddSessionsCommand(CLI::App& app, CommandLine& line) {
  CLI::App* command = app.add_subcommand("sessions", "Who is connected");
  const auto options = std::make_shared<SessionsOptions>();
  command->add_option("--instance", options->instance, "Only of this instance")->type_name("NAME");
  command->add_option("--cn", options->common_name, "Only with this common name (* and ? match)")
      ->type_name("NAME");
  command->add_option("--user", options->username, "Only with this username (* and ? match)")
      ->type_name("NAME");
  command
      ->add_option("--state", options->state,
                   absl::StrCat("Only in this state: ", absl::StrJoin(SessionStateNames(), ", ")))
      ->type_name("STATE");
  command
      ->add_option("--filter", options->filter,
                   "More conditions, e.g. 'real_address = \"192.0.2.*\" AND policy != \"rules\"'")
      ->type_name("FILTER");
  auto* sort = command
                   ->add_option("--sort", options->order,
                                absl::StrCat("Sort by: ", absl::StrJoin(kSessionOrders, ", ")))
                   ->type_name("FIELD");
  command->add_flag("--desc", options->descending, "The largest or last one first")->needs(sort);
  command->add_flag("--all", options->all, "Also sessions that ended a short while ago");
  command->footer(
      "Examples:\n"
      "  ovpn-brokerctl sessions\n"
      "  ovpn-brokerctl sessions --instance office --state established\n"
      "  ovpn-brokerctl sessions --user 'contractor-*' -o json\n"
      "  ovpn-brokerctl sessions --sort sent_bytes --desc\n"
      "  ovpn-brokerctl sessions --filter 'real_address = \"192.0.2.*\"'");
  AddShow(*command, line);
  command->callback([&line, options, command] {
    if (!command->get_subcommands().empty()) return;  // its own callback came before
    line.run = [&line, options] { return RunSessions(line.global, *options); };
  });
}

}  // namespace ovpnbroker::ctl
