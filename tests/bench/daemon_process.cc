#include "tests/bench/daemon_process.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "absl/strings/str_cat.h"
#include "tests/bench/wire_broker.h"

namespace ovpnbroker::bench {
namespace {

constexpr int kStartPatienceMilliseconds = 20'000;

// `$0.started` takes the path of the management socket; `$0.alive` is never written to and ends
// with whoever measures.
constexpr char kStandIn[] = R"(#!/bin/sh
while [ "$1" != --management ]; do shift; done
echo "$2" >"$0.started"
exec cat "$0.alive"
)";

constexpr char kOpenvpnConfig[] = R"(dev tun
server 10.8.0.0 255.255.255.0
dh none
ca ca.crt
cert server.crt
key server.key
auth-user-pass-optional
)";

std::string DaemonProgram() {
  return std::filesystem::path(SelfPath()).parent_path() / "../../server/ovpn-brokerd";
}

// A new fifo, open for both directions, so that opening it waits for nobody.
ovpn::UniqueFd MakeFifo(const std::string& path) {
  if (mkfifo(path.c_str(), S_IRUSR | S_IWUSR) != 0) DieOfErrno(path);
  ovpn::UniqueFd fd(open(path.c_str(), O_RDWR | O_CLOEXEC));
  if (!fd.valid()) DieOfErrno(path);
  return fd;
}

void WriteFile(const std::string& path, const std::string& text) {
  std::ofstream file(path);
  file << text;
  if (!file.flush()) DieOfErrno(path);
}

}  // namespace

DaemonProcess::DaemonProcess(size_t instances)
    : instances_(instances),
      started_(MakeFifo(folder_.Path("openvpn.started"))),
      alive_(MakeFifo(folder_.Path("openvpn.alive"))) {
  WriteFiles();
  process_ = std::make_unique<ChildProcess>(
      std::vector<std::string>{"sh", "-c", R"(exec "$0" --config "$1" 2>"$2")", DaemonProgram(),
                               folder_.Path("broker.yaml"), folder_.Path("broker.log")});
}

DaemonProcess::~DaemonProcess() = default;

void DaemonProcess::WriteFiles() const {
  const std::string stand_in = folder_.Path("openvpn");
  WriteFile(stand_in, kStandIn);
  std::filesystem::permissions(stand_in, std::filesystem::perms::owner_all);
  WriteFile(folder_.Path("rules.yaml"), SampleRulesText(SampleAddress::kNone));
  for (const char* name : {"ca.crt", "server.crt", "server.key"}) WriteFile(folder_.Path(name), "");
  std::string config = absl::StrCat("runtime_directory: ", folder_.Path("run"), "\n",
                                    "state_directory: ", folder_.Path("state"), "\n",
                                    "log: {level: info, format: json}\n"
                                    "policies:\n  - {name: rules, rules: {file: rules.yaml}}\n"
                                    "instances:\n");
  for (size_t i = 0; i < instances_; ++i) {
    // A file of its own for each: two servers with one configuration would fight.
    const std::string name = absl::StrCat("office-", i);
    WriteFile(folder_.Path(name + ".conf"),
              absl::StrCat(kOpenvpnConfig, "port ", 20'000 + i, "\n"));
    absl::StrAppend(&config, "  - {name: ", name, ", config: ", name, ".conf, openvpn: ", stand_in,
                    ", policy: rules}\n");
  }
  WriteFile(folder_.Path("broker.yaml"), config);
}

std::vector<std::string> DaemonProcess::AwaitSockets() {
  std::vector<std::string> paths;
  std::string text;
  std::array<char, 4096> chunk;
  while (paths.size() < instances_) {
    pollfd readable{.fd = started_.get(), .events = POLLIN, .revents = 0};
    if (poll(&readable, 1, kStartPatienceMilliseconds) != 1) {
      std::cerr << std::ifstream(folder_.Path("broker.log")).rdbuf()
                << "the daemon did not start its instances\n";
      std::exit(EXIT_FAILURE);
    }
    const ssize_t size = read(started_.get(), chunk.data(), chunk.size());
    if (size <= 0) DieOfErrno("reading what was started");
    text.append(chunk.data(), static_cast<size_t>(size));
    for (size_t end; (end = text.find('\n')) != std::string::npos; text.erase(0, end + 1)) {
      paths.push_back(text.substr(0, end));
    }
  }
  return paths;
}

double DaemonProcess::CpuSeconds() const {
  double seconds = 0;
  const std::string tasks = absl::StrCat("/proc/", process_->pid(), "/task");
  for (const auto& task : std::filesystem::directory_iterator(tasks)) {
    // Its first number is nanoseconds on a processor.
    double nanoseconds = 0;
    std::ifstream(task.path() / "schedstat") >> nanoseconds;
    seconds += nanoseconds / 1e9;
  }
  return seconds;
}

}  // namespace ovpnbroker::bench
