#include "server/policy_sim/driver_mode.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <iostream>
#include <optional>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "ovpn/base/atomic_file.h"
#include "ovpn/base/status_macros.h"
#include "server/policy_sim/report.h"

namespace ovpnbroker::policy_sim {
namespace {

namespace fs = std::filesystem;
using Time = std::chrono::steady_clock::time_point;

constexpr std::chrono::milliseconds kPoll{100};
constexpr std::chrono::seconds kPrintInterval{1};
constexpr std::chrono::seconds kStopTimeout{30};
constexpr size_t kMaxReportBytes = size_t{1} << 20;

std::atomic<bool> interrupted = false;

void OnInterrupt(int) { interrupted = true; }

// A folder that goes with everything in it.
class Folder {
 public:
  static absl::StatusOr<Folder> Make() {
    std::string path = (fs::temp_directory_path() / "ovpn-policy-sim.XXXXXX").string();
    if (mkdtemp(path.data()) == nullptr) return absl::ErrnoToStatus(errno, path);
    return Folder(path);
  }
  ~Folder() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  Folder(Folder&& other) noexcept : path_(std::exchange(other.path_, "")) {}
  Folder& operator=(Folder&&) = delete;

  std::string File(absl::string_view name) const { return absl::StrCat(path_, "/", name); }

 private:
  explicit Folder(std::string path) : path_(std::move(path)) {}

  std::string path_;
};

// What a server's own lines would be; the simulator reads the last.
std::string ServerConfig(const Folder& folder) {
  return absl::StrCat(
      "dev tun\ntopology subnet\nserver 10.128.0.0 255.128.0.0\nproto udp\nduplicate-cn\n"
      "dh none\nca ca.crt\ncert server.crt\nkey server.key\nauth-user-pass-optional\n"
      "keepalive 10 60\nsetenv SIMULATION ",
      folder.File("simulation.yaml"), "\n");
}

std::string Quoted(absl::string_view text) {
  std::string out = "'";
  for (const char c : text) absl::StrAppend(&out, c == '\'' ? "''" : std::string(1, c));
  return out + "'";
}

std::string BrokerConfig(const DriverOptions& options, const Folder& folder,
                         const std::string& self) {
  std::string policy = absl::StrCat("    rules: { file: ", Quoted(options.rules), " }\n");
  if (!options.policy.empty()) {
    policy = absl::StrCat("    remote:\n      addresses: [", Quoted(options.policy),
                          "]\n      insecure: ", options.insecure ? "true" : "false",
                          "\n      grant_password: ", options.grant_password ? "true" : "false",
                          "\n      grant_commands: ", options.grant_commands ? "true" : "false",
                          "\n      traffic_interval: 1s\n");
  }
  return absl::StrCat("runtime_directory: ", folder.File("run"),
                      "\nstate_directory: ", folder.File("state"), "\npolicies:\n  - name: judge\n",
                      policy, "instances:\n  - name: simulated\n    policy: judge\n    config: ",
                      folder.File("server.conf"), "\n    openvpn: ", Quoted(self),
                      "\n    bytecount_interval: 1s\n    restart: { policy: never }\n");
}

absl::Status WriteFiles(const DriverOptions& options, const Folder& folder) {
  std::error_code error;
  const std::string self = fs::read_symlink("/proc/self/exe", error).string();
  if (error) return absl::InternalError(absl::StrCat("/proc/self/exe: ", error.message()));
  SimulationOptions simulation = options.simulation;
  simulation.report = folder.File("report");
  const std::pair<const char*, std::string> files[] = {
      {"simulation.yaml", OptionsToYaml(simulation)},
      {"server.conf", ServerConfig(folder)},
      {"broker.yaml", BrokerConfig(options, folder, self)}};
  for (const auto& [name, text] : files) {
    RETURN_IF_ERROR(ovpn::WriteFileAtomically(folder.File(name), text, 0600));
  }
  // The broker looks whether they are there; nobody reads them.
  for (const char* name : {"ca.crt", "server.crt", "server.key"}) {
    RETURN_IF_ERROR(ovpn::WriteFileAtomically(folder.File(name), "simulated\n", 0600));
  }
  return absl::OkStatus();
}

class Broker {
 public:
  static absl::StatusOr<Broker> Start(const std::string& program, const Folder& folder) {
    const std::string config = folder.File("broker.yaml");
    const std::string log = folder.File("broker.log");
    const pid_t pid = fork();
    if (pid < 0) return absl::ErrnoToStatus(errno, "fork");
    if (pid == 0) {
      prctl(PR_SET_PDEATHSIG, SIGTERM);
      const int fd = open(log.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
      if (fd < 0) _exit(127);
      dup2(fd, STDERR_FILENO);
      dup2(fd, STDOUT_FILENO);
      execlp(program.c_str(), program.c_str(), "--config", config.c_str(), nullptr);
      _exit(127);
    }
    return Broker(pid);
  }
  Broker(Broker&& other) noexcept : pid_(std::exchange(other.pid_, -1)) {}
  Broker& operator=(Broker&&) = delete;
  ~Broker() {
    if (pid_ <= 0) return;
    kill(pid_, SIGTERM);
    const Time deadline = std::chrono::steady_clock::now() + kStopTimeout;
    while (Running() && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::sleep_for(kPoll);
    }
    if (pid_ > 0) {
      kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
  }

  bool Running() {
    if (pid_ > 0 && waitpid(pid_, nullptr, WNOHANG) == pid_) pid_ = -1;
    return pid_ > 0;
  }

 private:
  explicit Broker(pid_t pid) : pid_(pid) {}

  pid_t pid_;
};

void PrintCounts(const Report& report) {
  std::cout << absl::StrFormat(
                   "arrived %6d  allowed %6d  denied %6d  waiting %5d  in %6d  renegotiated %6d  "
                   "left %6d  killed %5d",
                   report.arrived, report.allowed, report.denied, report.waiting, report.in,
                   report.renegotiated, report.left, report.killed)
            << std::endl;
}

double Millis(uint64_t micros) { return static_cast<double>(micros) / 1000; }

void PrintSummary(const Report& report, double seconds) {
  std::cout << absl::StrFormat("\n%d clients in %.1f s: %d allowed, %d denied, %d unanswered\n",
                               report.arrived, seconds, report.allowed, report.denied,
                               report.waiting);
  for (const auto& [reason, count] : report.reasons) {
    std::cout << absl::StrFormat("  %6d read: %s\n", count, reason);
  }
  if (report.renegotiated + report.refused > 0) {
    std::cout << absl::StrFormat("%d renegotiations, %d refused\n",
                                 report.renegotiated + report.refused, report.refused);
  }
  if (report.steps > 0) std::cout << report.steps << " further steps\n";
  if (report.killed > 0) std::cout << report.killed << " killed\n";
  std::cout << absl::StrFormat(
      "question to answer: median %.2f ms, 99%% within %.2f ms, longest %.2f ms\n",
      Millis(report.latency_p50), Millis(report.latency_p99), Millis(report.latency_max));
}

std::optional<Report> ReadReport(const Folder& folder) {
  const auto text = ovpn::ReadWholeFile(folder.File("report"), kMaxReportBytes);
  if (!text.ok()) return std::nullopt;  // not yet
  auto report = ParseReport(*text);
  return report.ok() ? std::optional<Report>(*std::move(report)) : std::nullopt;
}

// Until all were answered and `run_for` is over, the limit is, or somebody interrupts.
Report Watch(const DriverOptions& options, const Folder& folder, Broker& broker) {
  const Time start = std::chrono::steady_clock::now();
  Time next_print = start + kPrintInterval;
  std::optional<Time> done;
  Report report;
  while (!interrupted && broker.Running()) {
    std::this_thread::sleep_for(kPoll);
    report = ReadReport(folder).value_or(report);
    const Time now = std::chrono::steady_clock::now();
    if (report.done && !done.has_value()) done = now;
    if (now >= next_print) {
      PrintCounts(report);
      next_print = now + kPrintInterval;
    }
    if (done.has_value() ? now >= *done + options.run_for : now >= start + options.limit) break;
  }
  return report;
}

absl::StatusOr<int> Drive(const DriverOptions& options) {
  ASSIGN_OR_RETURN(const Folder folder, Folder::Make());
  RETURN_IF_ERROR(WriteFiles(options, folder));
  const Time start = std::chrono::steady_clock::now();
  ASSIGN_OR_RETURN(Broker broker, Broker::Start(options.broker, folder));
  const Report report = Watch(options, folder, broker);
  if (report.arrived == 0) {
    const auto log = ovpn::ReadWholeFile(folder.File("broker.log"), kMaxReportBytes);
    return absl::UnavailableError(absl::StrCat("no client came; the broker (", options.broker,
                                               ") says:\n", log.value_or("")));
  }
  PrintSummary(report,
               std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  return report.done ? kAllAnswered : kNotAllAnswered;
}

}  // namespace

int RunDriver(const DriverOptions& options) {
  struct sigaction action = {};
  action.sa_handler = OnInterrupt;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  const absl::StatusOr<int> code = Drive(options);
  if (code.ok()) return *code;
  std::cerr << "ovpn-policy-sim: " << code.status().message() << "\n";
  return kNotAllAnswered;
}

std::string FindBroker() {
  std::error_code error;
  const fs::path folder = fs::read_symlink("/proc/self/exe", error).parent_path();
  for (const fs::path& path :
       {folder / "ovpn-brokerd", folder / "../ovpn-brokerd", folder / "../sbin/ovpn-brokerd"}) {
    if (!error && access(path.c_str(), X_OK) == 0) return path.lexically_normal().string();
  }
  return "ovpn-brokerd";
}

}  // namespace ovpnbroker::policy_sim
