// ovpn-brokerctl kill: ends sessions, and tells of each what became of it.
#include <CLI/CLI.hpp>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/ctl/admin_client.h"
#include "server/ctl/call.h"
#include "server/ctl/command.h"
#include "server/ctl/escape.h"
#include "server/ctl/kill_results.h"
#include "server/ctl/output.h"
#include "server/ctl/session_selection.h"

namespace ovpnbroker::ctl {
namespace {

using admin::v1::KillResult;

constexpr std::chrono::seconds kDefaultWait{15};
constexpr int kMaxWaitSeconds = 60;
// Of the call, beyond the wait for DISCONNECT.
constexpr std::chrono::seconds kCallReserve{5};

struct KillOptions {
  std::string uid;
  std::string common_name;
  std::string username;
  std::string filter;
  std::string instance;
  std::string reason;
  int wait_seconds = static_cast<int>(kDefaultWait.count());
  bool restart = false;
  bool halt = false;  // the default, for those who like to say it
  bool yes = false;
};

template <typename Request>
void SetManner(const KillOptions& options, Request& request) {
  request.set_disposition(options.restart ? admin::v1::KILL_DISPOSITION_RESTART
                                          : admin::v1::KILL_DISPOSITION_HALT);
  request.set_reason(options.reason);
  request.mutable_wait()->set_seconds(options.wait_seconds);
}

std::chrono::seconds CallTimeout(const KillOptions& options) {
  return std::chrono::seconds(options.wait_seconds) + kCallReserve;
}

bool IsGone(const KillResult& result) {
  return result.outcome() == KillResult::OUTCOME_DISCONNECTED ||
         result.outcome() == KillResult::OUTCOME_ALREADY_ENDED;
}

ExitCode PrintResults(const GlobalOptions& global,
                      const admin::v1::KillSessionsResponse& response) {
  if (!PrintedForPrograms(global, response)) PrintKillResults(global, response.results());
  const bool all_gone = std::all_of(response.results().begin(), response.results().end(), IsGone);
  return all_gone ? ExitCode::kOk : ExitCode::kFailed;
}

ExitCode KillOne(AdminClient& client, const GlobalOptions& global, const KillOptions& options) {
  admin::v1::KillSessionRequest request;
  request.set_uid(options.uid);
  SetManner(options, request);
  admin::v1::KillSessionResponse response;
  grpc::Status status = client.KillSession(request, response, CallTimeout(options));
  if (!status.ok()) return ReportFailure(status);
  admin::v1::KillSessionsResponse results;
  *results.add_results() = std::move(*response.mutable_result());
  return PrintResults(global, results);
}

// What the options select, for people.
std::string SelectionText(const KillOptions& options) {
  if (!options.common_name.empty()) {
    return absl::StrCat("of common name ", Escape(options.common_name));
  }
  if (!options.username.empty()) return absl::StrCat("of user ", Escape(options.username));
  return absl::StrCat("matches ", Escape(options.filter));
}

void Select(const KillOptions& options, admin::v1::KillSessionsRequest& request,
            std::vector<std::string>& terms) {
  if (!options.common_name.empty()) {
    request.set_common_name(options.common_name);
    terms.push_back(ExactTerm("common_name", options.common_name));
  } else if (!options.username.empty()) {
    request.set_username(options.username);
    terms.push_back(ExactTerm("username", options.username));
  } else {
    request.set_filter(options.filter);
    terms.push_back(options.filter);
  }
}

// Looks first, so that the operator agrees to what happens, and nobody else is hit.
ExitCode KillSelected(AdminClient& client, const GlobalOptions& global,
                      const KillOptions& options) {
  admin::v1::KillSessionsRequest request;
  std::vector<std::string> terms;
  Select(options, request, terms);
  terms.push_back(LiveTerm());
  if (!options.instance.empty()) terms.push_back(ExactTerm("instance", options.instance));
  admin::v1::ListSessionsResponse matches;
  grpc::Status status = client.ListSessions(JoinTerms(terms), matches);
  if (!status.ok()) return ReportSelectionFailure(status);
  if (matches.sessions().empty()) {
    PrintError(absl::StrCat("no session ", SelectionText(options)));
    return ExitCode::kNotFound;
  }
  const int count = matches.sessions_size();
  if (!Confirm(options.yes || count <= 1, absl::StrCat("Kill ", count, " sessions?"),
               absl::StrCat(count, " sessions match; say --yes to kill them all"))) {
    return ExitCode::kUsage;
  }

  request.set_instance(options.instance);
  request.set_expected_count(static_cast<uint32_t>(count));
  SetManner(options, request);
  admin::v1::KillSessionsResponse response;
  status = client.KillSessions(request, response, CallTimeout(options));
  return status.ok() ? PrintResults(global, response) : ReportFailure(status);
}

ExitCode RunKill(const GlobalOptions& global, const KillOptions& options) {
  const auto client = AdminClient::Connect(global);
  if (client == nullptr) return ExitCode::kUnreachable;
  return options.uid.empty() ? KillSelected(*client, global, options)
                             : KillOne(*client, global, options);
}

}  // namespace

void AddKillCommand(CLI::App& app, CommandLine& line) {
  CLI::App* command = app.add_subcommand("kill", "End sessions, and wait until they are gone");
  const auto options = std::make_shared<KillOptions>();
  auto* who = command->add_option_group("who", "Whose sessions");
  who->add_option("--uid", options->uid, "The session with this uid")->type_name("UID");
  who->add_option("--cn", options->common_name, "All sessions of this common name")
      ->type_name("NAME");
  who->add_option("--user", options->username, "All sessions of this username")->type_name("NAME");
  who->add_option("--filter", options->filter, "All sessions that match, as of `sessions --filter`")
      ->type_name("FILTER");
  who->require_option(1);
  command->add_option("--instance", options->instance, "Only of this instance; not with --uid")
      ->type_name("NAME");
  auto* halt = command->add_flag("--halt", options->halt,
                                 "The client ends and does not come back by itself (default)");
  command
      ->add_flag("--restart", options->restart,
                 "The client connects again at once and is judged anew")
      ->excludes(halt);
  command->add_option("--reason", options->reason, "Why; for the log, and shown to the client")
      ->type_name("TEXT");
  command->add_option("--wait", options->wait_seconds, "How long to wait until they are gone")
      ->type_name("SECONDS")
      ->check(CLI::Range(0, kMaxWaitSeconds))
      ->capture_default_str();
  command->add_flag("-y,--yes", options->yes, "Do not ask when several sessions match");
  command->footer(
      "A kill is not a ban: the client may connect again.\n"
      "Exit code 1 when a session was still there when the wait ended.\n"
      "\n"
      "Examples:\n"
      "  ovpn-brokerctl kill --uid 0192f4c8-6a51-7c1e-9d55-2f0f3a7d9b10\n"
      "  ovpn-brokerctl kill --user alice --reason \"laptop lost\"\n"
      "  ovpn-brokerctl kill --cn branch-7 --restart --yes\n"
      "  ovpn-brokerctl kill --filter 'real_address = \"192.0.2.*\"' --restart --yes");
  command->callback(
      [&line, options] { line.run = [&line, options] { return RunKill(line.global, *options); }; });
}

}  // namespace ovpnbroker::ctl
