// The whole daemon with its embedded rules, from socket to socket, with one instance, ten and a
// hundred, against a controller in Node that holds the same sockets. Fake daemons stand in for
// OpenVPN; everything else is what operators run, its log included.
#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/bench/child_process.h"
#include "tests/bench/daemon_process.h"
#include "tests/bench/fake_daemons.h"
#include "tests/bench/ratio.h"
#include "tests/bench/sample_connect.h"
#include "tests/support/source_dir.h"

namespace ovpnbroker::bench {
namespace {

constexpr size_t kRounds = 3;
constexpr size_t kClients = 10'000;  // over all instances
constexpr size_t kWarmUpClients = 4'000;
// Clients that wait at once, over all instances; one of each at least.
constexpr size_t kWindow = 64;
constexpr size_t kInstances[] = {1, 10, 100};

using Controller = FakeDaemons::Controller;

// Clients a second, over all daemons.
double Measure(FakeDaemons& daemons, size_t instances) {
  const size_t window = std::max<size_t>(kWindow / instances, 1);
  const size_t warm_up = kWarmUpClients / instances;
  const size_t each = kClients / instances;
  daemons.Ask(0, warm_up, window);
  const ovpn::Duration time = daemons.Ask(warm_up, warm_up + each, window);
  return static_cast<double>(each * instances) / std::chrono::duration<double>(time).count();
}

double MeasureDaemon(const std::vector<std::string>& clients, size_t instances) {
  DaemonProcess daemon(instances);
  FakeDaemons daemons(clients, Controller::kBroker);
  for (const std::string& path : daemon.AwaitSockets()) daemons.Listen(path);
  daemons.AwaitControllers();
  return Measure(daemons, instances);
}

double MeasureNode(const std::vector<std::string>& clients, size_t instances) {
  const SocketFolder folder;
  FakeDaemons daemons(clients, Controller::kRival);
  std::vector<std::string> command = {"node",
                                      test::SourceDir() + "/tests/bench/rivals/node_controller.js"};
  for (size_t i = 0; i < instances; ++i) {
    command.push_back(folder.Path(absl::StrCat("management-", i, ".sock")));
    daemons.Listen(command.back());
  }
  const ChildProcess node(std::move(command));
  daemons.AwaitControllers();
  return Measure(daemons, instances);
}

int Main() {
  if (std::system("node --version >/dev/null 2>&1") != 0) {
    std::cout << "  no node here: not measured\n";
    return EXIT_SUCCESS;
  }
  std::vector<std::string> clients;
  for (size_t cid = 0; cid < kWarmUpClients + kClients; ++cid) {
    clients.push_back(MakeConnectBytes(cid));
  }
  for (const size_t instances : kInstances) {
    std::vector<double> ours, node, ratio;
    for (size_t round = 0; round < kRounds; ++round) {
      ours.push_back(MeasureDaemon(clients, instances));
      node.push_back(MeasureNode(clients, instances));
      ratio.push_back(ours.back() / node.back());
    }
    const std::string of = absl::StrCat(instances, instances == 1 ? " instance" : " instances");
    Inform(absl::StrCat("daemon with rules, ", of), Median(ours), "clients/s");
    Inform(absl::StrCat("Node controller, ", of), Median(node), "clients/s");
    Report({absl::StrCat("daemon with rules, ", of), Median(ratio), Ratio::Bound::kAtLeast, 3,
            "Node controller on the same sockets", "x"});
  }
  return EXIT_SUCCESS;
}

}  // namespace
}  // namespace ovpnbroker::bench

int main() { return ovpnbroker::bench::Main(); }
