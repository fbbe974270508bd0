// ovpn-brokerctl instances start, stop, ...: what operators do to one instance.
#include "server/ctl/instance_verbs.h"

#include <CLI/CLI.hpp>
#include <chrono>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "server/ctl/call.h"
#include "server/ctl/instances_table.h"

namespace ovpnbroker::ctl {
namespace {

namespace v1 = admin::v1;
using Stub = v1::InstanceService::Stub;

constexpr int kDefaultWaitSeconds = 10;
constexpr int kMaxWaitSeconds = 300;
constexpr int kMaxDrainSeconds = 7 * 24 * 3600;
// Of the call, beyond its wait.
constexpr std::chrono::seconds kCallReserve{5};

struct Arguments {
  std::string instance;
  std::string reason;
  int wait = kDefaultWaitSeconds;
  int grace = -1;      // not given
  int end_after = -1;  // not given
  bool yes = false;
};

// Sessions that end with the verb: nobody ends many of them by mistake.
bool AgreesToEnd(const GlobalOptions& global, const Arguments& arguments) {
  if (arguments.yes) return true;
  const auto client = AdminClient::Connect(global);
  if (client == nullptr) return false;
  v1::ListInstancesResponse response;
  if (!client->ListInstances(response).ok()) return true;  // the verb itself tells what is wrong
  for (const v1::Instance& instance : response.instances()) {
    const uint32_t count = instance.established_session_count();
    if (instance.name() != arguments.instance || count <= 1) continue;
    const std::string what =
        absl::StrCat("This ends ", count, " sessions of ", instance.name(), ".");
    return Confirm(false, what, absl::StrCat(what, " Say --yes to do it"));
  }
  return true;
}

template <typename Request, typename Response>
ExitCode Run(const GlobalOptions& global, const Arguments& arguments,
             grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*)) {
  Request request;
  request.set_name(arguments.instance);
  request.set_reason(arguments.reason);
  if constexpr (requires { request.mutable_wait(); }) {
    request.mutable_wait()->set_seconds(arguments.wait);
  }
  if constexpr (requires { request.mutable_grace_period(); }) {
    if (arguments.grace >= 0) request.mutable_grace_period()->set_seconds(arguments.grace);
  }
  if constexpr (requires { request.mutable_end_after(); }) {
    if (arguments.end_after >= 0) request.mutable_end_after()->set_seconds(arguments.end_after);
  }
  return CallAndShow(global, request, method, std::chrono::seconds(arguments.wait) + kCallReserve,
                     [&global](const Response& response) {
                       v1::ListInstancesResponse list;
                       *list.add_instances() = response.instance();
                       PrintInstances(global, list);
                     });
}

// What a verb takes besides the instance and a reason.
enum Options : unsigned { kNone = 0, kWait = 1, kGrace = 2, kEnd = 4, kEndsSessions = 8 };

template <typename Request, typename Response>
void AddVerb(CLI::App& instances, CommandLine& line, const std::string& name,
             const std::string& about, const std::string& footer, unsigned options,
             grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*)) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* verb = instances.add_subcommand(name, about);
  verb->footer(footer);
  verb->add_option("INSTANCE", arguments->instance, "The instance's name")->required();
  verb->add_option("--reason", arguments->reason, "Why; for the audit record")->type_name("TEXT");
  if ((options & kWait) != 0) {
    verb->add_option("--wait", arguments->wait, "How long to wait until it is done; 0: not at all")
        ->type_name("SECONDS")
        ->check(CLI::Range(0, kMaxWaitSeconds))
        ->capture_default_str();
  }
  if ((options & kGrace) != 0) {
    verb->add_option("--grace", arguments->grace,
                     "From SIGTERM to SIGKILL, instead of the configured stop_timeout")
        ->type_name("SECONDS")
        ->check(CLI::Range(0, kMaxWaitSeconds));
  }
  if ((options & kEnd) != 0) {
    verb->add_option("--end-after", arguments->end_after,
                     "End the sessions that are left after this long; 0: now")
        ->type_name("SECONDS")
        ->check(CLI::Range(0, kMaxDrainSeconds));
  }
  if ((options & (kEndsSessions | kEnd)) != 0) {
    verb->add_flag("-y,--yes", arguments->yes, "Do not ask when several sessions end");
  }
  verb->callback([&line, arguments, options, method] {
    line.run = [&line, arguments, options, method] {
      const bool ends = (options & kEndsSessions) != 0 || arguments->end_after >= 0;
      if (ends && !AgreesToEnd(line.global, *arguments)) return ExitCode::kUsage;
      return Run(line.global, *arguments, method);
    };
  });
}

}  // namespace

void AddInstanceVerbs(CLI::App& instances, CommandLine& line) {
  AddVerb(instances, line, "start", "Start OpenVPN, or take over one that runs",
          "Exit code 1 when the instance is started already.\n"
          "\n"
          "Examples:\n"
          "  ovpn-brokerctl instances start office",
          kWait, &Stub::StartInstance);
  AddVerb(instances, line, "stop", "End OpenVPN and all its sessions",
          "It stays STOPPED until it is started, also when its configuration says autostart.\n"
          "\n"
          "Examples:\n"
          "  ovpn-brokerctl instances stop office --reason \"new certificate\"",
          kWait | kGrace | kEndsSessions, &Stub::StopInstance);
  AddVerb(instances, line, "restart", "Stop and start: OpenVPN reads its configuration anew",
          "Examples:\n"
          "  ovpn-brokerctl instances restart office --grace 3",
          kWait | kGrace | kEndsSessions, &Stub::RestartInstance);
  AddVerb(instances, line, "soft-restart", "Restart the tunnel inside the process (SIGUSR1)",
          "All sessions end; clients come back by themselves.\n"
          "\n"
          "Examples:\n"
          "  ovpn-brokerctl instances soft-restart office",
          kWait | kEndsSessions, &Stub::SoftRestartInstance);
  AddVerb(instances, line, "attach", "Take a running OpenVPN over with its sessions",
          "For one that was detached or that outlived an earlier broker.\n"
          "\n"
          "Examples:\n"
          "  ovpn-brokerctl instances attach office",
          kWait, &Stub::AttachInstance);
  AddVerb(instances, line, "detach", "Let go of OpenVPN and leave it running",
          "Its tunnels go on; nobody new gets in until it is attached.\n"
          "\n"
          "Examples:\n"
          "  ovpn-brokerctl instances detach office",
          kNone, &Stub::DetachInstance);
  AddVerb(instances, line, "drain", "Let nobody new in; sessions run out or are ended",
          "Clients that are denied read the reason and try their next server.\n"
          "\n"
          "Examples:\n"
          "  ovpn-brokerctl instances drain office --reason \"moving\" --end-after 3600",
          kEnd, &Stub::DrainInstance);
  AddVerb(instances, line, "undrain", "Let clients in again",
          "Examples:\n"
          "  ovpn-brokerctl instances undrain office",
          kNone, &Stub::UndrainInstance);
}

}  // namespace ovpnbroker::ctl
