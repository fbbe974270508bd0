// ovpn-brokerctl record: what clients ask and what the policy says, as a file for replay.
#include <sys/stat.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdint>
#include <fstream>
#include <iostream>
#include <memory>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "server/ctl/admin_client.h"
#include "server/ctl/command.h"
#include "server/ctl/escape.h"
#include "server/replay/recording_file.h"

namespace ovpnbroker::ctl {
namespace {

struct Arguments {
  std::string file;
  std::string instance;
  uint64_t count = 0;  // 0: no limit
  std::string period;  // empty: no limit
};

struct Progress {
  uint64_t written = 0;
  uint64_t missed = 0;
};

ExitCode RunRecord(const GlobalOptions& global, const Arguments& arguments) {
  std::optional<std::chrono::milliseconds> period;
  if (!arguments.period.empty()) {
    absl::Duration parsed;
    if (!absl::ParseDuration(arguments.period, &parsed) || parsed <= absl::ZeroDuration()) {
      PrintError(absl::StrCat("--for: '", Escape(arguments.period), "' is no time such as 10m"));
      return ExitCode::kUsage;
    }
    period = absl::ToChronoMilliseconds(parsed);
  }
  const auto client = AdminClient::Connect(global);
  if (client == nullptr) return ExitCode::kUnreachable;
  // Who uses the VPN, from where and when: for its owner's eyes.
  const mode_t mask = umask(0077);
  std::ofstream file(arguments.file, std::ios::trunc);
  umask(mask);
  file << server::RecordingHeader() << std::endl;
  if (!file) {
    PrintError(absl::StrCat(arguments.file, ": cannot be written"));
    return ExitCode::kUsage;
  }
  admin::v1::RecordDecisionsRequest request;
  request.set_instance(arguments.instance);
  Progress progress;
  // Each line is whole in the file when the next decision comes: an interrupt loses nothing.
  const grpc::Status status = client->RecordDecisions(
      request, period, [&](const admin::v1::RecordDecisionsResponse& response) {
        file << server::RecordingLine(response.decision()) << std::endl;
        progress.missed += response.missed();
        ++progress.written;
        return file.good() && progress.written != arguments.count;
      });
  std::cerr << progress.written << " decisions are in " << arguments.file;
  if (progress.missed > 0) std::cerr << "; " << progress.missed << " were missed";
  std::cerr << "\n";
  if (!file) {
    PrintError(absl::StrCat(arguments.file, ": cannot be written any more"));
    return ExitCode::kFailed;
  }
  return status.ok() ? ExitCode::kOk : ReportFailure(status);
}

}  // namespace

void AddRecordCommand(CLI::App& app, CommandLine& line) {
  CLI::App* command =
      app.add_subcommand("record", "Keep what clients ask and what the policy says, for replay");
  const auto arguments = std::make_shared<Arguments>();
  command->add_option("FILE", arguments->file, "The recording; overwritten")
      ->required()
      ->type_name("");
  command->add_option("--instance", arguments->instance, "Only the clients of this instance")
      ->type_name("NAME");
  command->add_option("--count", arguments->count, "End after so many decisions")
      ->type_name("COUNT");
  command->add_option("--for", arguments->period, "End after this long: 30s, 10m, 1h")
      ->type_name("TIME");
  command->footer(
      "Without --count and --for it goes on until it is interrupted. The file holds no password, "
      "no "
      "token\nand no answer of a client; it does hold names and addresses, so only you can read "
      "it.\n"
      "\n"
      "Examples:\n"
      "  ovpn-brokerctl record --for 10m monday.jsonl\n"
      "  ovpn-brokerctl replay monday.jsonl --policy unix:/tmp/new-policy.sock");
  command->callback([&line, arguments] {
    line.run = [&line, arguments] { return RunRecord(line.global, *arguments); };
  });
}

}  // namespace ovpnbroker::ctl
