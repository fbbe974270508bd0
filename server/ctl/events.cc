// ovpn-brokerctl events: what happens to the instances, as it happens.
#include <google/protobuf/util/time_util.h>
#include <CLI/CLI.hpp>

#include <ctime>
#include <iostream>
#include <memory>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "server/ctl/admin_client.h"
#include "server/ctl/command.h"
#include "server/ctl/enum_text.h"
#include "server/ctl/escape.h"
#include "server/ctl/human.h"
#include "server/ctl/output.h"

namespace ovpnbroker::ctl {
namespace {

using admin::v1::WatchInstancesResponse;

struct EventsOptions {
  std::string instance;
  bool follow = false;
};

void PrintEvent(const GlobalOptions& global, const WatchInstancesResponse& event) {
  if (PrintedEventForPrograms(global, event)) return;
  const admin::v1::Instance& instance = event.instance();
  const bool is_current = event.kind() == WatchInstancesResponse::KIND_CURRENT;
  google::protobuf::Timestamp now;
  now.set_seconds(std::time(nullptr));
  std::cout << HumanTime(is_current ? instance.state_change_time() : now) << "  instance "
            << Escape(instance.name()) << (is_current ? " is " : " now ")
            << StateCell(instance.state()).text;
  if (instance.pid() != 0) std::cout << ", pid " << instance.pid();
  std::cout << ", sessions " << instance.established_session_count() << ", pending "
            << instance.pending_session_count();
  if (instance.has_drain()) std::cout << ", draining";
  if (!instance.detail().empty()) std::cout << ": " << Escape(instance.detail());
  std::cout << "\n" << std::flush;
}

ExitCode RunEvents(const GlobalOptions& global, const EventsOptions& options) {
  const auto client = AdminClient::Connect(global);
  if (client == nullptr) return ExitCode::kUnreachable;
  const grpc::Status status = client->WatchInstances([&](const WatchInstancesResponse& event) {
    if (event.kind() == WatchInstancesResponse::KIND_CURRENT_COMPLETE) return options.follow;
    if (options.instance.empty() || options.instance == event.instance().name()) {
      PrintEvent(global, event);
    }
    return true;
  });
  return status.ok() ? ExitCode::kOk : ReportFailure(status);
}

}  // namespace

void AddEventsCommand(CLI::App& app, CommandLine& line) {
  CLI::App* command = app.add_subcommand("events", "What happens to the instances");
  const auto options = std::make_shared<EventsOptions>();
  command->add_flag("-f,--follow", options->follow, "Go on with what comes until interrupted");
  command->add_option("--instance", options->instance, "Only of this instance")->type_name("NAME");
  command->footer(
      "Begins with how things are; -f goes on with each change.\n"
      "\n"
      "Examples:\n"
      "  ovpn-brokerctl events\n"
      "  ovpn-brokerctl events --follow --instance office\n"
      "  ovpn-brokerctl events -f -o json | jq -r .instance.state");
  command->callback([&line, options] {
    line.run = [&line, options] { return RunEvents(line.global, *options); };
  });
}

}  // namespace ovpnbroker::ctl
