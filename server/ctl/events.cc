// ovpn-brokerctl events: what happens to instances and sessions, as it happens. Two threads while
// it runs: one a watch.
#include <CLI/CLI.hpp>

#include <cstdlib>
#include <ctime>
#include <iostream>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/ctl/admin_client.h"
#include "server/ctl/command.h"
#include "server/ctl/enum_text.h"
#include "server/ctl/escape.h"
#include "server/ctl/human.h"
#include "server/ctl/output.h"
#include "server/ctl/session_selection.h"

namespace ovpnbroker::ctl {
namespace {

using admin::v1::WatchInstancesResponse;
using admin::v1::WatchSessionsResponse;

struct EventsOptions {
  std::string instance;
  std::string common_name;
  std::string username;
  bool instances = false;
  bool sessions = false;
  bool follow = false;
};

google::protobuf::Timestamp Now() {
  google::protobuf::Timestamp now;
  now.set_seconds(std::time(nullptr));
  return now;
}

std::string InstanceLine(const WatchInstancesResponse& event) {
  const admin::v1::Instance& instance = event.instance();
  const bool is_current = event.kind() == WatchInstancesResponse::KIND_CURRENT;
  std::string line = absl::StrCat(
      HumanTime(is_current ? instance.state_change_time() : Now()), "  instance ", instance.name(),
      "  ", StateCell(instance.state()).text, ", sessions ", instance.established_session_count(),
      ", pending ", instance.pending_session_count());
  if (instance.pid() != 0) absl::StrAppend(&line, ", pid ", instance.pid());
  if (instance.has_drain()) absl::StrAppend(&line, ", draining");
  if (!instance.detail().empty()) absl::StrAppend(&line, ": ", instance.detail());
  return line;
}

std::string SessionLine(const WatchSessionsResponse& event) {
  const type::v1::Session& session = event.session();
  const bool is_current = event.kind() == WatchSessionsResponse::KIND_CURRENT;
  std::string line =
      absl::StrCat(HumanTime(is_current ? session.create_time() : event.time()), "  session ",
                   session.uid(), "  ", StateCell(session.state()).text);
  const auto add = [&line](absl::string_view name, const std::string& value) {
    if (!value.empty()) absl::StrAppend(&line, ", ", name, " ", value);
  };
  add("cn", session.common_name());
  add("user", session.username());
  add("on", session.instance());
  add("from", session.real_address());
  add("has", absl::StrJoin(session.virtual_addresses(), " "));
  if (!session.end_reason().empty()) absl::StrAppend(&line, ": ", session.end_reason());
  return line;
}

class Events {
 public:
  Events(const GlobalOptions& global, const EventsOptions& options, AdminClient& client)
      : global_(global), options_(options), client_(client) {}

  ExitCode Run() {
    const bool is_all = !options_.instances && !options_.sessions;
    if (!is_all && !options_.sessions) return WatchInstances();
    if (!is_all && !options_.instances) return WatchSessions();
    // Whichever watch fails ends the program: it would not be whole without it.
    ExitCode instances = ExitCode::kOk;
    std::thread other([&] {
      instances = WatchInstances();
      if (instances != ExitCode::kOk) End(instances);
    });
    const ExitCode sessions = WatchSessions();
    if (sessions != ExitCode::kOk) End(sessions);
    other.join();
    return instances;
  }

 private:
  ExitCode WatchInstances() {
    const grpc::Status status = client_.WatchInstances([this](const auto& event) {
      if (event.kind() == WatchInstancesResponse::KIND_CURRENT_COMPLETE) return options_.follow;
      if (options_.instance.empty() || options_.instance == event.instance().name()) {
        Print(event, InstanceLine(event));
      }
      return true;
    });
    return status.ok() ? ExitCode::kOk : ReportFailure(status);
  }

  ExitCode WatchSessions() {
    std::vector<std::string> terms = PatternTerms({{"instance", options_.instance},
                                                   {"common_name", options_.common_name},
                                                   {"username", options_.username}});
    const grpc::Status status = client_.WatchSessions(JoinTerms(terms), [this](const auto& event) {
      if (event.kind() == WatchSessionsResponse::KIND_CURRENT_COMPLETE) return options_.follow;
      if (event.has_session()) Print(event, SessionLine(event));
      return true;
    });
    return status.ok() ? ExitCode::kOk : ReportFailure(status);
  }

  // Without exit handlers: the other watch is inside gRPC (see server/program/grpc_end.h).
  [[noreturn]] void End(ExitCode code) {
    const std::lock_guard lock(mutex_);  // a line that is being printed is printed whole
    std::cout.flush();
    std::quick_exit(static_cast<int>(code));
  }

  void Print(const google::protobuf::Message& event, const std::string& line) {
    const std::lock_guard lock(mutex_);
    if (!PrintedEventForPrograms(global_, event)) std::cout << Escape(line) << std::endl;
  }

  const GlobalOptions& global_;
  const EventsOptions& options_;
  AdminClient& client_;
  std::mutex mutex_;  // of standard output
};

ExitCode RunEvents(const GlobalOptions& global, const EventsOptions& options) {
  const auto client = AdminClient::Connect(global);
  if (client == nullptr) return ExitCode::kUnreachable;
  return Events(global, options, *client).Run();
}

}  // namespace

void AddEventsCommand(CLI::App& app, CommandLine& line) {
  CLI::App* command = app.add_subcommand("events", "What happens to instances and sessions");
  const auto options = std::make_shared<EventsOptions>();
  command->add_flag("-f,--follow", options->follow, "Go on with what comes until interrupted");
  command->add_flag("--instances", options->instances, "Instances only");
  command->add_flag("--sessions", options->sessions, "Sessions only");
  command->add_option("--instance", options->instance, "Only of this instance")->type_name("NAME");
  command
      ->add_option("--cn", options->common_name,
                   "Of the sessions, only those with this common name (* and ? match)")
      ->type_name("NAME");
  command
      ->add_option("--user", options->username,
                   "Of the sessions, only those with this username (* and ? match)")
      ->type_name("NAME");
  command->footer(
      "Begins with how things are; -f goes on with each change.\n"
      "\n"
      "Examples:\n"
      "  ovpn-brokerctl events\n"
      "  ovpn-brokerctl events --follow --instance office\n"
      "  ovpn-brokerctl events -f --sessions -o json | jq -r .session.state");
  command->callback([&line, options] {
    line.run = [&line, options] { return RunEvents(line.global, *options); };
  });
}

}  // namespace ovpnbroker::ctl
