// ovpn-brokerctl shadow: what candidate policies would have decided.
#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "server/ctl/admin_client.h"
#include "server/ctl/command.h"
#include "server/ctl/escape.h"
#include "server/ctl/human.h"
#include "server/ctl/output.h"
#include "server/ctl/table.h"

namespace ovpnbroker::ctl {
namespace {

constexpr int kDefaultLimit = 20;

struct DifferencesOptions {
  std::string policy;
  int limit = kDefaultLimit;
};

void PrintShadows(const GlobalOptions& global, const admin::v1::ListShadowsResponse& response) {
  constexpr auto kRight = Table::Align::kRight;
  Table table({{"SHADOW POLICY"},
               {"READY"},
               {"AGREED", kRight},
               {"DIFFERED", kRight},
               {"FAILED", kRight},
               {"TIMED OUT", kRight},
               {"DROPPED", kRight},
               {"IN FLIGHT", kRight}});
  for (const admin::v1::Shadow& shadow : response.shadows()) {
    const auto count = [](uint64_t value, Color color) {
      return Cell(absl::StrCat(value), value == 0 ? Color::kNone : color);
    };
    table.AddRow(
        {shadow.policy(), shadow.ready() ? Cell("yes", Color::kGood) : Cell("no", Color::kBad),
         absl::StrCat(shadow.agreed_count()), count(shadow.differed_count(), Color::kWarning),
         count(shadow.failed_count(), Color::kBad), count(shadow.timed_out_count(), Color::kBad),
         count(shadow.dropped_count(), Color::kWarning), absl::StrCat(shadow.in_flight_count())});
  }
  PrintTable(global, table);
}

void PrintDifferences(const GlobalOptions& /*global*/,
                      const admin::v1::ListShadowDifferencesResponse& response) {
  const auto shown = [](const std::string& value) { return value.empty() ? "(not set)" : value; };
  for (const admin::v1::ShadowDifference& difference : response.differences()) {
    std::cout << Escape(absl::StrCat(HumanTime(difference.receive_time()), "  ", difference.kind(),
                                     " of ", difference.common_name(),
                                     difference.username().empty() ? "" : ", user ",
                                     difference.username(), ", instance ", difference.instance(),
                                     ", decision ", difference.decision_id()))
              << "\n";
    for (const admin::v1::FieldDifference& field : difference.fields()) {
      std::cout << "  " << Escape(field.field()) << "\n"
                << "    - " << Escape(difference.enforcing_policy()) << ": "
                << Escape(shown(field.enforced())) << "\n"
                << "    + " << Escape(difference.policy()) << ": "
                << Escape(shown(field.candidate())) << "\n";
    }
  }
}

template <typename Response, typename Print>
ExitCode Show(const GlobalOptions& global, const grpc::Status& status, const Response& response,
              Print print) {
  if (!status.ok()) return ReportFailure(status);
  if (!PrintedForPrograms(global, response)) {
    print(global, response);
  }
  return ExitCode::kOk;
}

ExitCode RunShadow(const GlobalOptions& global) {
  const auto client = AdminClient::Connect(global);
  if (client == nullptr) return ExitCode::kUnreachable;
  admin::v1::ListShadowsResponse response;
  const grpc::Status status = client->ListShadows(response);
  return Show(global, status, response, PrintShadows);
}

ExitCode RunDifferences(const GlobalOptions& global, const DifferencesOptions& options) {
  const auto client = AdminClient::Connect(global);
  if (client == nullptr) return ExitCode::kUnreachable;
  admin::v1::ListShadowDifferencesResponse response;
  const grpc::Status status =
      client->ListShadowDifferences(options.policy, options.limit, response);
  return Show(global, status, response, PrintDifferences);
}

}  // namespace

void AddShadowCommand(CLI::App& app, CommandLine& line) {
  CLI::App* command = app.add_subcommand("shadow", "What candidate policies would have decided");
  command->footer(
      "An instance's `shadows` are asked what its policy was asked, after the answer was given "
      "and\n"
      "without passwords; their verdicts are compared and never count.\n"
      "\n"
      "Examples:\n"
      "  ovpn-brokerctl shadow\n"
      "  ovpn-brokerctl shadow differences --policy next-rules\n"
      "  ovpn-brokerctl shadow -o json | \\\n"
      "      jq '.shadows[] | select(.differed_count != \"0\")'");
  const auto options = std::make_shared<DifferencesOptions>();
  CLI::App* differences =
      command->add_subcommand("differences", "Verdicts that differ, the newest first");
  differences->add_option("--policy", options->policy, "Only of this candidate")->type_name("NAME");
  differences->add_option("--limit", options->limit, "At most this many")
      ->type_name("N")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  differences->footer(
      "Examples:\n"
      "  ovpn-brokerctl shadow differences\n"
      "  ovpn-brokerctl shadow differences --policy next-rules --limit 5 -o json");
  command->callback([&line, differences, options] {
    if (differences->parsed()) {
      line.run = [&line, options] { return RunDifferences(line.global, *options); };
    } else {
      line.run = [&line] { return RunShadow(line.global); };
    }
  });
}

}  // namespace ovpnbroker::ctl
