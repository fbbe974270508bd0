#include "server/policy_sim/daemon_mode.h"

#include <algorithm>
#include <asio/io_context.hpp>
#include <asio/signal_set.hpp>
#include <asio/steady_timer.hpp>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "ovpn/base/atomic_file.h"
#include "ovpn/base/clock.h"
#include "ovpn/base/status_macros.h"
#include "server/policy_sim/management_server.h"
#include "server/policy_sim/options.h"
#include "server/policy_sim/simulation.h"

namespace ovpnbroker::policy_sim {
namespace {

constexpr size_t kMaxConfigBytes = size_t{1} << 20;
constexpr std::chrono::milliseconds kReportInterval{200};
// Bounds how late a new agenda is seen: a command makes one between two turns of the timer.
constexpr std::chrono::milliseconds kTurn{2};

// The `count` words behind `option`; NOT_FOUND.
absl::StatusOr<std::vector<std::string>> WordsBehind(const std::vector<std::string>& arguments,
                                                     const std::string& option, int count) {
  const auto found = std::find(arguments.begin(), arguments.end(), option);
  if (found == arguments.end() || arguments.end() - found <= count) {
    return absl::NotFoundError(absl::StrCat(option, " is missing"));
  }
  return std::vector<std::string>(found + 1, found + 1 + count);
}

// What the line `setenv SIMULATION FILE` of the configuration names.
absl::StatusOr<SimulationOptions> OptionsOf(const std::string& config) {
  ASSIGN_OR_RETURN(const std::string text, ovpn::ReadWholeFile(config, kMaxConfigBytes));
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    const std::vector<std::string> words = absl::StrSplit(line, ' ', absl::SkipEmpty());
    if (words.size() == 3 && words[0] == "setenv" && words[1] == "SIMULATION") {
      return ReadOptions(words[2]);
    }
  }
  return absl::InvalidArgumentError(absl::StrCat(config, ": there is no `setenv SIMULATION FILE`"));
}

class Daemon {
 public:
  Daemon(const std::string& socket, SimulationOptions options)
      : report_(options.report),
        server_(loop_, socket),
        simulation_(clock_, std::move(options),
                    [this](const std::string& text) { server_.Say(text); }),
        timer_(loop_),
        signals_(loop_, SIGTERM, SIGINT) {
    server_.ForgetLines();
    server_.SetBodyResponder([this](const std::string& line, const std::vector<std::string>& body) {
      return simulation_.OnCommand(line, body).value_or(ManagementServer::DefaultReply(line));
    });
    signals_.async_wait([this](const asio::error_code&, int) { loop_.stop(); });
  }

  void Run() {
    Turn();
    loop_.run();
    WriteReport();
  }

 private:
  void Turn() {
    simulation_.OnDeadline();
    const ovpn::SteadyTime now = clock_.Now();
    if (now >= next_report_) {
      WriteReport();
      next_report_ = now + kReportInterval;
    }
    timer_.expires_after(kTurn);
    timer_.async_wait([this](const asio::error_code& error) {
      if (!error) Turn();
    });
  }

  void WriteReport() {
    if (report_.empty()) return;
    // Not synced to the disk, as state would be: that would hold up the clients.
    const std::string next = absl::StrCat(report_, ".tmp");
    std::ofstream(next) << ReportToText(simulation_.report());
    std::error_code error;
    std::filesystem::rename(next, report_, error);
    if (error) std::cerr << report_ << ": " << error.message() << "\n";
  }

  const ovpn::SystemClock clock_;
  const std::string report_;
  asio::io_context loop_;
  ManagementServer server_;
  Simulation simulation_;
  asio::steady_timer timer_;
  asio::signal_set signals_;
  ovpn::SteadyTime next_report_;
};

absl::Status Serve(const std::vector<std::string>& arguments) {
  ASSIGN_OR_RETURN(const std::vector<std::string> config, WordsBehind(arguments, "--config", 1));
  ASSIGN_OR_RETURN(const std::vector<std::string> socket,
                   WordsBehind(arguments, "--management", 2));
  if (socket[1] != "unix") {
    return absl::InvalidArgumentError(
        "the simulator serves unix sockets only: leave out "
        "`management.tcp` of the instance");
  }
  ASSIGN_OR_RETURN(SimulationOptions options, OptionsOf(config[0]));
  std::cout << "simulating " << options.clients << " clients" << std::endl;
  Daemon(socket[0], std::move(options)).Run();
  return absl::OkStatus();
}

}  // namespace

bool IsDaemonCommandLine(const std::vector<std::string>& arguments) {
  return std::find(arguments.begin(), arguments.end(), "--management-client-auth") !=
         arguments.end();
}

int RunDaemon(const std::vector<std::string>& arguments) {
  const absl::Status status = Serve(arguments);
  if (status.ok()) return 0;
  std::cerr << "ovpn-policy-sim: " << status.message() << std::endl;
  return 1;
}

}  // namespace ovpnbroker::policy_sim
