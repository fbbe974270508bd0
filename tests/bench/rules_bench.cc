// The embedded rules: the engine's throughput with them, and the whole way from OpenVPN's bytes to
// OpenVPN's bytes against a controller in Node that answers from memory
// (rivals/node_controller.js). All controllers are processes of their own on a unix socket; this
// program plays OpenVPN, with a window of clients that wait. The least possible controller
// (rivals/least_controller.cc) tells how much of the time is the sockets'.

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "tests/bench/child_process.h"
#include "tests/bench/decision_load.h"
#include "tests/bench/management_socket.h"
#include "tests/bench/ratio.h"
#include "tests/bench/sample_connect.h"
#include "tests/bench/wire_broker.h"
#include "tests/support/source_dir.h"

namespace ovpnbroker::bench {
namespace {

constexpr char kControl[] = "--control";
constexpr size_t kRounds = 5;
constexpr size_t kDecisions = 100'000;
constexpr size_t kClients = 10'000;
constexpr size_t kWarmUpClients = 4'000;
constexpr size_t kWindow = 64;
constexpr size_t kReadBytes = 64 * 1024;

double Rate(size_t count, ovpn::Duration duration) {
  return static_cast<double>(count) / std::chrono::duration<double>(duration).count();
}

// The broker as a controller, blocking: there is nothing else to do meanwhile.
int Control(const std::string& path) {
  StreamSocket openvpn = StreamSocket::Connect(path);
  WireBroker broker;
  std::string chunk(kReadBytes, '\0');
  while (const size_t size = openvpn.Read(chunk)) {
    broker.Feed(absl::string_view(chunk.data(), size));
    openvpn.Write(broker.output());
    broker.output().clear();
  }
  return EXIT_SUCCESS;
}

// OpenVPN's end of the socket.
class Asker {
 public:
  explicit Asker(StreamSocket controller) : controller_(std::move(controller)) {}

  // Asks about the clients [begin, end) and awaits every answer.
  ovpn::Duration Ask(const std::vector<std::string>& clients, size_t begin, size_t end) {
    const ovpn::SteadyTime start = std::chrono::steady_clock::now();
    answered_ = begin;
    for (size_t asked = begin; answered_ < end;) {
      std::string questions;
      for (; asked < end && asked - answered_ < kWindow; ++asked) questions += clients[asked];
      // In one system call, since who asks must not be slower than who is measured.
      if (!questions.empty()) controller_.Write(questions);
      ReadAnswers();
    }
    return std::chrono::steady_clock::now() - start;
  }

 private:
  void ReadAnswers() {
    const size_t size = controller_.Read(chunk_);
    if (size == 0) Die("a controller closed the connection");
    unread_.append(chunk_, 0, size);
    std::string replies;
    size_t begin = 0;
    for (size_t end; (end = unread_.find('\n', begin)) != unread_.npos; begin = end + 1) {
      TakeLine(absl::string_view(unread_).substr(begin, end - begin), replies);
    }
    unread_.erase(0, begin);
    controller_.Write(replies);
  }

  void TakeLine(absl::string_view line, std::string& replies) {
    if (line == "END") {
      replies += "SUCCESS: client-auth command succeeded\r\n";
      ++answered_;
    } else if (absl::StartsWith(line, "client-pending-auth ")) {
      replies += "SUCCESS: client-pending-auth command succeeded\r\n";
    } else if (absl::StartsWith(line, "client-deny ") ||
               absl::StartsWith(line, "client-auth-nt ")) {
      Die("a controller gave another answer than a block");
    }
  }

  [[noreturn]] static void Die(const char* why) {
    std::cerr << why << '\n';
    std::exit(EXIT_FAILURE);
  }

  StreamSocket controller_;
  std::string chunk_ = std::string(kReadBytes, '\0');
  std::string unread_;
  size_t answered_ = 0;
};

// Clients a second that the controller `command` answers; it gets the socket's path as last word.
double MeasureController(std::vector<std::string> command,
                         const std::vector<std::string>& clients) {
  const SocketFolder folder;
  const std::string path = folder.Path("management.sock");
  Listener listener(path);
  command.push_back(path);
  const ChildProcess controller(std::move(command));
  Asker asker(listener.Accept());
  asker.Ask(clients, 0, kWarmUpClients);
  return Rate(kClients, asker.Ask(clients, kWarmUpClients, clients.size()));
}

// Built beside this program.
std::string LeastController() {
  return std::filesystem::path(SelfPath()).replace_filename("least_controller");
}

// Only the broker's side, for a profiler: from OpenVPN's bytes to its answers, without sockets.
int Profile() {
  WireBroker broker;
  for (size_t cid = 0; cid < kClients; ++cid) {
    broker.Feed(MakeConnectBytes(cid));
    broker.output().clear();
    broker.Feed("SUCCESS: client-auth command succeeded\r\n");
    broker.Feed("SUCCESS: client-pending-auth command succeeded\r\n");
  }
  return broker.allowed() == kClients ? EXIT_SUCCESS : EXIT_FAILURE;
}

int Main() {
  DecisionLoad load;
  load.SetPolicy(MakeSampleRules());
  load.Run(kDecisions, 1);  // warm up
  Inform("engine and rules in one thread", Rate(kDecisions, load.Run(kDecisions, 1)),
         "decisions/s");
  if (!load.all_allowed()) {
    std::cerr << "not every decision was an allow\n";
    return EXIT_FAILURE;
  }

  if (std::system("node --version >/dev/null 2>&1") != 0) {
    std::cout << "  no node here: the rules are not compared with anything\n";
    return EXIT_SUCCESS;
  }
  std::vector<std::string> clients;
  for (size_t cid = 0; cid < kWarmUpClients + kClients; ++cid) {
    clients.push_back(MakeConnectBytes(cid));
  }
  std::vector<double> ours, node, least, ratio;
  for (size_t round = 0; round < kRounds; ++round) {
    ours.push_back(MeasureController({SelfPath(), kControl}, clients));
    node.push_back(MeasureController(
        {"node", test::SourceDir() + "/tests/bench/rivals/node_controller.js"}, clients));
    least.push_back(MeasureController(
        {LeastController(), "ifconfig-push 10.8.0.20 255.255.255.0",
         "push \"route 192.168.0.0 255.255.0.0\"", "push \"dhcp-option DNS 10.8.0.1\""},
        clients));
    ratio.push_back(ours.back() / node.back());
  }
  Inform("broker with rules, socket to socket", Median(ours), "clients/s");
  Inform("Node controller, socket to socket", Median(node), "clients/s");
  Inform("the least possible controller, socket to socket", Median(least), "clients/s");
  Report({"embedded rules throughput", Median(ratio), Ratio::Bound::kAtLeast, 3,
          "Node controller, answers from memory", "x"});
  return EXIT_SUCCESS;
}

}  // namespace
}  // namespace ovpnbroker::bench

int main(int argc, char** argv) {
  using namespace ovpnbroker::bench;
  if (argc == 3 && std::strcmp(argv[1], kControl) == 0) return Control(argv[2]);
  if (argc == 2 && std::strcmp(argv[1], "--profile") == 0) return Profile();
  return Main();
}
