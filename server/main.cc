// ovpn-brokerd: reads its command line, checks its configuration, makes the broker and runs the
// loop until a signal ends it. No logic of its own.
#include <CLI/CLI.hpp>
#include <asio/io_context.hpp>
#include <cstdio>
#include <exception>
#include <iostream>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"

#include "ovpn/base/clock.h"
#include "ovpn/process/posix_launcher.h"
#include "server/broker.h"
#include "server/config/config_loader.h"
#include "server/config/finding.h"
#include "server/daemon.h"
#include "server/logging/grpc_log.h"
#include "server/logging/log_level_control.h"
#include "server/logging/log_tail.h"
#include "server/logging/spdlog_logger.h"
#include "server/man/help_formatter.h"
#include "server/man/man_page.h"
#include "server/metrics/metric_catalogue.h"
#include "server/program/grpc_end.h"

namespace ovpnbroker::server {
namespace {

constexpr char kDefaultConfig[] = "/etc/ovpn-broker/broker.yaml";
constexpr char kDescription[] =
    "ovpn-brokerd owns OpenVPN servers and lets a policy decide about each of their clients.";
constexpr char kFooter[] = R"(
Signals:
  SIGTERM, SIGINT  deny what is open, end all OpenVPN processes, stop
  SIGQUIT          hand over: deny what is open and stop; the OpenVPN processes
                   run on with their sessions, and the next broker adopts them
  SIGHUP           read the configuration again and take it over
  SIGUSR1          start all instances (attach)
  SIGUSR2          stop all instances and keep the admin API (detach)

Exit codes:
  0  stopped by a signal, or --check-config found no error
  1  something failed at run time
  2  wrong arguments, or a configuration with errors

Examples:
  ovpn-brokerd --config broker.yaml
  ovpn-brokerd --config broker.yaml --check-config)";

ManPageInfo ManPage() {
  return {
      "8", "owns OpenVPN servers and lets a policy decide about their clients",
      "It starts one OpenVPN process for each instance of its configuration, holds its management\n"
      "interface, and answers every client that connects or renegotiates by what a policy service\n"
      "or a rules file says. Nobody gets in without a verdict.",
      "/etc/ovpn-broker/broker.yaml  the configuration, see ovpn-broker.yaml(5)\n"
      "/run/ovpn-broker/admin.sock  the admin API, for ovpn-brokerctl(1)\n"
      "/var/lib/ovpn-broker  leases and bans\n",
      "ovpn-brokerctl(1), ovpn-broker.yaml(5), openvpn(8)"};
}

int CheckConfig(const std::string& path) {
  const LoadedConfig loaded = LoadConfig(path);
  std::fputs(FormatFindings(loaded.findings).c_str(), stderr);
  if (!loaded.ok()) return kExitUsage;
  std::printf("%s: the configuration is valid\n", path.c_str());
  return kExitOk;
}

int Run(const std::string& path) {
  const LoadedConfig loaded = LoadConfig(path);
  std::fputs(FormatFindings(loaded.findings).c_str(), stderr);
  if (!loaded.ok()) return kExitUsage;

  SpdlogLogger spdlog_logger(ToLogFormat(loaded.config.log()), ToLogLevel(loaded.config.log()));
  const ovpn::SystemClock clock;
  LogTail logger(spdlog_logger, clock);
  const GrpcLogRouting grpc_log(logger);
  asio::io_context loop;
  LogLevelControl log_level(loop, clock, ToLogLevel(loaded.config.log()),
                            [&](ovpn::LogLevel level) { spdlog_logger.SetLevel(level); });
  ovpn::PosixLauncher launcher(loop);
  auto broker = Broker::Make({loop, clock, launcher, logger, log_level,
                              [&spdlog_logger] { return spdlog_logger.dropped_lines(); }},
                             path, loaded.config);
  if (!broker.ok()) {
    logger.Error("BROKER_NOT_STARTED", broker.status().message());
    return kExitFailure;
  }
  Daemon daemon(loop, **broker, logger, log_level);
  return daemon.Run();
}

int Main(int argc, char** argv) {
  CLI::App app{kDescription, "ovpn-brokerd"};
  app.formatter(std::make_shared<HelpFormatter>());
  app.footer(kFooter);
  std::string config = kDefaultConfig;
  bool check_only = false;
  bool describe_metrics = false;
  app.add_option("-c,--config", config, "The configuration file (YAML)")->capture_default_str();
  app.add_flag("--check-config", check_only,
               "Check the configuration and the files it names, start nothing");
  app.add_flag("--describe-metrics", describe_metrics,
               "Print what every metric means, as Markdown, start nothing");
  app.set_version_flag("--version", "ovpn-brokerd " OVPNBROKER_VERSION);
  if (argc > 1 && absl::string_view(argv[1]) == kManWord) {
    WriteManPage(app, ManPage(), std::cout);
    return kExitOk;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kExitOk : kExitUsage;
  }
  if (describe_metrics) {
    std::fputs(MetricsPage().c_str(), stdout);
    return kExitOk;
  }
  return check_only ? CheckConfig(config) : Run(config);
}

}  // namespace
}  // namespace ovpnbroker::server

int main(int argc, char** argv) {
  const ovpnbroker::server::GrpcEnd grpc_end;
  try {
    return ovpnbroker::server::Main(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "ovpn-brokerd: %s\n", error.what());
    return ovpnbroker::server::kExitFailure;
  }
}
