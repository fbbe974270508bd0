// ovpn-policy-sim: a whole broker, driven without OpenVPN. Reads the command line; the broker
// starts the same program in OpenVPN's place (daemon_mode.h).
#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/man/help_formatter.h"
#include "server/man/man_page.h"
#include "server/policy_sim/daemon_mode.h"
#include "server/policy_sim/driver_mode.h"

namespace ovpnbroker::policy_sim {
namespace {

constexpr char kFooter[] =
    "Starts a broker on a simulated OpenVPN server and a policy of yours behind it. Prints counts\n"
    "while it runs, then what became of the clients and how long answers took.\n"
    "\n"
    "FILE of --options: `clients`, `rate`, `stay`, `renegotiate` as the options here, and\n"
    "`kinds`, a list of clients, each with `name`, `username` ({} is the client's number),\n"
    "`weight`, `environment`, `response` (to a question) and `bytes_per_second`.\n"
    "\n"
    "Exit codes:\n"
    "  0  every client was answered\n"
    "  1  not every one, or the broker did not start\n"
    "  2  wrong arguments\n"
    "\n"
    "Examples:\n"
    "  ovpn-policy-sim --policy unix:/tmp/ovpn-policy.sock --clients 1000 --rate 200\n"
    "  ovpn-policy-sim --rules rules.yaml --name 'laptop-{}' --renegotiate 5 --for 30\n"
    "  ovpn-policy-sim --policy unix:/tmp/ovpn-policy.sock --options office.yaml";

server::ManPageInfo ManPage() {
  return {
      "1", "drives ovpn-broker and a policy with simulated clients",
      "It starts a broker of its own, in a folder of its own, whose OpenVPN server is simulated:\n"
      "no root, no tun device, no configuration.",
      "", "ovpn-policy-check(1), ovpn-brokerd(8)"};
}

struct CommandLine {
  DriverOptions driver;
  std::string options_file;
  std::string name;
  std::string username;
  double stay = 0;
  double renegotiate = 0;
  int64_t run_for = 0;
  int64_t limit = 60;
};

void AddOptions(CLI::App& app, CommandLine& line) {
  SimulationOptions& simulation = line.driver.simulation;
  auto* policy = app.add_option("--policy", line.driver.policy, "A policy: unix:/path or HOST:PORT")
                     ->type_name("ADDRESS");
  app.add_option("--rules", line.driver.rules, "Or a file of the embedded rules")
      ->type_name("FILE")
      ->excludes(policy);
  app.add_option("--options", line.options_file,
                 "What is simulated, as YAML; options here win over it")
      ->type_name("FILE");
  app.add_option("--clients", simulation.clients, "How many come")
      ->check(CLI::Range(1, 1000000))
      ->capture_default_str();
  app.add_option("--rate", simulation.rate, "How many come in a second")
      ->check(CLI::Range(0.1, 100000.0))
      ->capture_default_str();
  app.add_option("--name", line.name, "Their common name; {} is the client's number [user-{}]");
  app.add_option("--user", line.username, "The user name that they give [none]");
  app.add_option("--stay", line.stay, "Seconds until one leaves; 0: it stays")
      ->check(CLI::Range(0.0, 86400.0));
  app.add_option("--renegotiate", line.renegotiate, "Seconds between key negotiations; 0: never")
      ->check(CLI::Range(0.0, 86400.0));
  app.add_option("--for", line.run_for, "Seconds to go on when all were answered")
      ->check(CLI::Range(0, 86400));
  app.add_option("--limit", line.limit, "Seconds for all to be answered")
      ->check(CLI::Range(1, 86400))
      ->capture_default_str();
  app.add_flag("--insecure", line.driver.insecure, "Plain TCP to the policy, on loopback only");
  app.add_flag("--grant-password", line.driver.grant_password, "Let the policy ask for passwords");
  app.add_flag("--grant-commands", line.driver.grant_commands, "Let the policy end sessions");
  app.add_option("--broker", line.driver.broker, "The broker's program")
      ->type_name("FILE")
      ->default_str(FindBroker());
}

// False, after it said why, when the options file has errors.
bool ApplyOptionsFile(const CLI::App& app, CommandLine& line) {
  if (line.options_file.empty()) return true;
  const auto file = ReadOptions(line.options_file);
  if (!file.ok()) {
    std::cerr << "ovpn-policy-sim: " << file.status().message() << "\n";
    return false;
  }
  SimulationOptions merged = *file;
  if (app.count("--clients") > 0) merged.clients = line.driver.simulation.clients;
  if (app.count("--rate") > 0) merged.rate = line.driver.simulation.rate;
  line.driver.simulation = std::move(merged);
  return true;
}

int Drive(int argc, char** argv) {
  CLI::App app("Drives a whole broker and your policy with simulated clients.", "ovpn-policy-sim");
  app.formatter(std::make_shared<ovpnbroker::server::HelpFormatter>());
  CommandLine line;
  AddOptions(app, line);
  app.set_version_flag("--version", "ovpn-policy-sim " OVPNBROKER_VERSION);
  app.footer(kFooter);
  if (argc > 1 && absl::string_view(argv[1]) == server::kManWord) {
    server::WriteManPage(app, ManPage(), std::cout);
    return kAllAnswered;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kAllAnswered : kUsage;
  }
  if (line.driver.policy.empty() && line.driver.rules.empty()) {
    std::cerr << "ovpn-policy-sim: name the policy: --policy ADDRESS, or --rules FILE\n"
                 "Run with --help for more information.\n";
    return kUsage;
  }
  if (!ApplyOptionsFile(app, line)) return kUsage;
  SimulationOptions& simulation = line.driver.simulation;
  for (ClientKind& kind : simulation.kinds) {
    if (!line.name.empty()) kind.name = line.name;
    if (!line.username.empty()) kind.username = line.username;
  }
  if (app.count("--stay") > 0) simulation.stay = std::chrono::duration<double>(line.stay);
  if (app.count("--renegotiate") > 0) {
    simulation.renegotiate = std::chrono::duration<double>(line.renegotiate);
  }
  line.driver.run_for = std::chrono::seconds(line.run_for);
  line.driver.limit = std::chrono::seconds(line.limit);
  if (line.driver.broker.empty()) line.driver.broker = FindBroker();
  return RunDriver(line.driver);
}

int Main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  return IsDaemonCommandLine(arguments) ? RunDaemon(arguments) : Drive(argc, argv);
}

}  // namespace
}  // namespace ovpnbroker::policy_sim

int main(int argc, char** argv) {
  try {
    return ovpnbroker::policy_sim::Main(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "ovpn-policy-sim: %s\n", error.what());
    return ovpnbroker::policy_sim::kUsage;
  }
}
