// ovpn-brokerctl logs and log-level: reading the broker's log along, and how much it says.
#include <google/protobuf/util/time_util.h>
#include <CLI/CLI.hpp>
#include <iostream>
#include <map>
#include <memory>
#include <string>

#include "server/ctl/admin_client.h"
#include "server/ctl/command.h"
#include "server/ctl/escape.h"
#include "server/ctl/output.h"

namespace ovpnbroker::ctl {
namespace {

using config::v1::LogLevel;
using google::protobuf::util::TimeUtil;

const std::map<std::string, LogLevel>& Levels() {
  static const auto* levels = new std::map<std::string, LogLevel>{
      {"trace", LogLevel::LOG_LEVEL_TRACE}, {"debug", LogLevel::LOG_LEVEL_DEBUG},
      {"info", LogLevel::LOG_LEVEL_INFO},   {"warning", LogLevel::LOG_LEVEL_WARNING},
      {"error", LogLevel::LOG_LEVEL_ERROR},
  };
  return *levels;
}

std::string LevelName(LogLevel level) {
  for (const auto& [name, value] : Levels()) {
    if (value == level) return name;
  }
  return "-";
}

struct LogsOptions {
  std::string instance;
  std::string text;
  LogLevel level = LogLevel::LOG_LEVEL_UNSPECIFIED;
  uint32_t lines = 20;
  bool follow = false;
};

void PrintRecord(const GlobalOptions& global, const admin::v1::LogRecord& record) {
  if (PrintedEventForPrograms(global, record)) return;
  std::cout << TimeUtil::ToString(record.time()) << " " << LevelName(record.level()) << " "
            << Escape(record.id()) << " " << Escape(record.message());
  const std::map<std::string, std::string> fields(record.fields().begin(), record.fields().end());
  for (const auto& [name, value] : fields) {
    std::cout << " " << Escape(name) << "=" << Escape(value);
  }
  std::cout << "\n" << std::flush;
}

ExitCode RunLogs(const GlobalOptions& global, const LogsOptions& options) {
  const auto client = AdminClient::Connect(global);
  if (client == nullptr) return ExitCode::kUnreachable;
  admin::v1::TailLogRequest request;
  request.set_instance(options.instance);
  request.set_minimum_level(options.level);
  request.set_text(options.text);
  request.set_backlog_count(options.lines);
  request.set_follow(options.follow);
  const grpc::Status status =
      client->TailLog(request, [&global](const admin::v1::TailLogResponse& response) {
        PrintRecord(global, response.record());
      });
  return status.ok() ? ExitCode::kOk : ReportFailure(status);
}

struct LevelOptions {
  LogLevel level = LogLevel::LOG_LEVEL_UNSPECIFIED;
  uint32_t seconds = 0;
  std::string reason;
  bool reset = false;
};

void PrintLogger(const GlobalOptions& global, const admin::v1::Logger& logger) {
  if (PrintedForPrograms(global, logger)) return;
  std::cout << "level " << LevelName(logger.level()) << ", configured "
            << LevelName(logger.configured_level());
  if (logger.has_reset_time()) {
    std::cout << ", falls back at " << TimeUtil::ToString(logger.reset_time());
  }
  std::cout << "\n";
}

ExitCode RunLogLevel(const GlobalOptions& global, const LevelOptions& options) {
  const auto client = AdminClient::Connect(global);
  if (client == nullptr) return ExitCode::kUnreachable;
  admin::v1::Logger logger;
  grpc::Status status;
  if (options.reset) {
    status = client->ResetLogLevel(logger);
  } else if (options.level == LogLevel::LOG_LEVEL_UNSPECIFIED) {
    status = client->GetLogger(logger);
  } else {
    admin::v1::SetLogLevelRequest request;
    request.set_level(options.level);
    request.set_reason(options.reason);
    if (options.seconds > 0) request.mutable_ttl()->set_seconds(options.seconds);
    status = client->SetLogLevel(request, logger);
  }
  if (!status.ok()) return ReportFailure(status);
  PrintLogger(global, logger);
  return ExitCode::kOk;
}

}  // namespace

void AddLogsCommand(CLI::App& app, CommandLine& line) {
  CLI::App* command = app.add_subcommand("logs", "The broker's log, OpenVPN's own lines in it");
  const auto options = std::make_shared<LogsOptions>();
  command->add_flag("-f,--follow", options->follow, "Go on with new records until interrupted");
  command->add_option("--instance", options->instance, "Only records about this instance")
      ->type_name("NAME");
  command->add_option("--level", options->level, "Only records at least this serious")
      ->transform(CLI::CheckedTransformer(Levels(), CLI::ignore_case).description(""))
      ->type_name("LEVEL");
  command
      ->add_option("--grep", options->text,
                   "Only records with this text (no pattern; A and a are the same)")
      ->type_name("TEXT");
  command->add_option("-n,--lines", options->lines, "How many of the last records to begin with")
      ->type_name("COUNT")
      ->capture_default_str();
  command->footer(
      "The broker remembers its last 4096 records, those at or above its level (see log-level).\n"
      "TEXT is looked for in a record's id, its message and its fields (name=value).\n"
      "\n"
      "Examples:\n"
      "  ovpn-brokerctl logs -n 100 --level warning\n"
      "  ovpn-brokerctl logs --follow --instance office\n"
      "  ovpn-brokerctl logs --grep common_name=alice");
  command->callback(
      [&line, options] { line.run = [&line, options] { return RunLogs(line.global, *options); }; });
}

void AddLogLevelCommand(CLI::App& app, CommandLine& line) {
  CLI::App* command =
      app.add_subcommand("log-level", "How much the broker logs; change it for a while");
  const auto options = std::make_shared<LevelOptions>();
  auto* level = command->add_option("level", options->level, "trace, debug, info, warning or error")
                    ->transform(CLI::CheckedTransformer(Levels(), CLI::ignore_case).description(""))
                    ->type_name("LEVEL");
  command
      ->add_option("--for", options->seconds, "Fall back to the configured level after this long")
      ->type_name("SECONDS")
      ->needs(level);
  command->add_option("--reason", options->reason, "Why, for the audit record")
      ->type_name("TEXT")
      ->needs(level);
  command->add_flag("--reset", options->reset, "Back to the configured level")->excludes(level);
  command->footer(
      "Without arguments: shows the level.\n"
      "\n"
      "Examples:\n"
      "  ovpn-brokerctl log-level\n"
      "  ovpn-brokerctl log-level debug --for 600 --reason \"alice cannot connect\"\n"
      "  ovpn-brokerctl log-level --reset");
  command->callback([&line, options] {
    line.run = [&line, options] { return RunLogLevel(line.global, *options); };
  });
}

}  // namespace ovpnbroker::ctl
