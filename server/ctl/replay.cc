// ovpn-brokerctl replay: puts a recording to another build of a policy and shows what would change.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <chrono>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "ovpn/base/clock.h"
#include "ovpn/base/deadline_timer.h"
#include "ovpn/base/ids.h"
#include "ovpn/base/log.h"
#include "policy/rules/rule_parser.h"
#include "policy/rules/rules_policy.h"
#include "policy/stream/stream_policy.h"
#include "server/ctl/admin_client.h"
#include "server/ctl/command.h"
#include "server/ctl/output.h"
#include "server/ctl/replay_report.h"
#include "server/replay/recording_file.h"
#include "server/replay/replayer.h"

namespace ovpnbroker::ctl {
namespace {

// How long the policy has to greet, dialling and retries included.
constexpr std::chrono::seconds kGreetingTimeout{10};
constexpr std::chrono::milliseconds kPollInterval{5};
constexpr int kMaxConcurrency = 10000;
constexpr int kMaxTimeoutMs = 300000;

struct Arguments {
  std::string file;
  std::string policy;
  std::string rules;
  int concurrency = 64;
  int timeout_ms = 5000;
  bool allow_side_effects = false;
  bool insecure = false;
  ovpn::TlsFiles tls;
  std::string server_name;
  std::vector<std::string> raw_directives;
};

// What the stream has to say shows up as its last error.
class Silent final : public ovpn::Logger {
 public:
  bool Enabled(ovpn::LogLevel) const override { return false; }
  void Write(ovpn::LogLevel, absl::string_view, absl::string_view,
             absl::Span<const ovpn::LogField>) override {}
};

policy::StreamPolicyOptions StreamOptions(const Arguments& arguments) {
  policy::StreamPolicyOptions options;
  options.name = "replay";
  options.addresses = {arguments.policy};
  options.insecure = arguments.insecure;
  if (!arguments.tls.ca.empty()) {
    options.tls = {.files = arguments.tls, .server_name = arguments.server_name};
  }
  // A shadow's verdicts never count; the policy is told so in its greeting.
  options.mode = policy::StreamMode::kShadow;
  options.broker = {"ovpn-brokerctl replay", ovpn::NewUuid7(ovpn::SystemClock().WallNow()),
                    OVPNBROKER_VERSION};
  options.max_in_flight = arguments.concurrency;
  options.allow_raw_directives = !arguments.raw_directives.empty();
  options.decision_timeout = std::chrono::milliseconds(arguments.timeout_ms);
  return options;
}

// One run of the recording against one policy, on a loop of its own.
class Run {
 public:
  Run(const Arguments& arguments, const server::Replayer::Recording& recording)
      : arguments_(arguments), recording_(recording), timer_(loop_, [this] { OnTimer(); }) {}

  // False when there is nothing to report: `exit_code` and standard error say why.
  bool Go(ExitCode& exit_code) {
    const auto allowed_raw = ovpn::DirectivePolicy::Make(arguments_.raw_directives);
    if (!allowed_raw.ok()) return Fail(allowed_raw.status(), ExitCode::kUsage, exit_code);
    const absl::Status status = arguments_.rules.empty() ? Dial() : ReadRules();
    if (!status.ok()) return Fail(status, ExitCode::kUsage, exit_code);
    if (stream_ != nullptr && !AwaitGreeting(exit_code)) return false;
    policy::Policy& policy = stream_ != nullptr ? static_cast<policy::Policy&>(*stream_) : *rules_;
    replayer_ = std::make_unique<server::Replayer>(
        clock_, policy, recording_,
        server::ReplayOptions{static_cast<size_t>(arguments_.concurrency),
                              std::chrono::milliseconds(arguments_.timeout_ms), *allowed_raw},
        [this] { loop_.stop(); });
    asio::post(loop_, [this] {
      replayer_->Start();
      OnTimer();
    });
    loop_.restart();
    loop_.run();
    return true;
  }

  const server::ReplayReport& report() const { return replayer_->report(); }

 private:
  static bool Fail(const absl::Status& status, ExitCode code, ExitCode& exit_code) {
    PrintError(status.message());
    exit_code = code;
    return false;
  }

  absl::Status ReadRules() {
    const auto rules = policy::LoadRules(arguments_.rules);
    if (!rules.ok()) return rules.status();
    rules_ = std::make_unique<policy::RulesPolicy>("replay", *rules);
    return absl::OkStatus();
  }

  absl::Status Dial() {
    auto stream = policy::StreamPolicy::Create(loop_, clock_, logger_, StreamOptions(arguments_));
    if (!stream.ok()) return stream.status();
    stream_ = *std::move(stream);
    return absl::OkStatus();
  }

  bool AwaitGreeting(ExitCode& exit_code) {
    const ovpn::SteadyTime deadline = clock_.Now() + kGreetingTimeout;
    while (!stream_->ready() && clock_.Now() < deadline) {
      loop_.restart();
      loop_.run_for(kPollInterval);
    }
    const std::vector<policy::ReplicaStatus> replicas = stream_->Replicas();
    if (!stream_->ready()) {
      std::string why = "no greeting";
      for (const auto& replica : replicas) {
        if (!replica.last_error.empty()) why = replica.last_error;
      }
      return Fail(absl::UnavailableError(
                      absl::StrCat("no policy answers at ", arguments_.policy, ": ", why)),
                  ExitCode::kUnreachable, exit_code);
    }
    const bool dry_run = std::all_of(replicas.begin(), replicas.end(), [](const auto& replica) {
      return replica.dry_run || replica.state != policy::ReplicaState::kReady;
    });
    if (dry_run || arguments_.allow_side_effects) return true;
    return Fail(absl::FailedPreconditionError(
                    "the policy did not switch on CAPABILITY_DRY_RUN, so it would take each "
                    "question for a client at the door: it could count, use up codes, send "
                    "messages.\nIf it does nothing of the kind, say --allow-side-effects."),
                ExitCode::kFailed, exit_code);
  }

  void OnTimer() {
    replayer_->OnDeadline();
    // Verdicts move the deadline without a word; looking now and then is enough for a timeout.
    timer_.Arm(clock_.Now() + std::chrono::milliseconds(100));
  }

  const Arguments& arguments_;
  const server::Replayer::Recording& recording_;
  const ovpn::SystemClock clock_;
  Silent logger_;
  asio::io_context loop_;
  ovpn::DeadlineTimer timer_;
  std::unique_ptr<policy::StreamPolicy> stream_;
  std::unique_ptr<policy::RulesPolicy> rules_;
  std::unique_ptr<server::Replayer> replayer_;
};

ExitCode RunReplay(const GlobalOptions& global, const Arguments& arguments) {
  if (arguments.policy.empty() == arguments.rules.empty()) {
    PrintError("name the policy: --policy ADDRESS, or --rules FILE");
    return ExitCode::kUsage;
  }
  const auto recording = server::ReadRecording(arguments.file);
  if (!recording.ok()) {
    PrintError(recording.status().message());
    return ExitCode::kUsage;
  }
  if (recording->empty()) {
    PrintError(absl::StrCat(arguments.file, ": there is no decision in it"));
    return ExitCode::kUsage;
  }
  Run run(arguments, *recording);
  ExitCode exit_code = ExitCode::kOk;
  if (!run.Go(exit_code)) return exit_code;
  if (!PrintedForPrograms(global, ReplayJson(*recording, run.report()))) {
    PrintReplayText(*recording, run.report(), std::cout);
  }
  return run.report().differences.empty() ? ExitCode::kOk : ExitCode::kDifferent;
}

void AddPolicyOptions(CLI::App& command, Arguments& arguments) {
  auto* policy = command
                     .add_option("--policy", arguments.policy,
                                 "A policy service: unix:/path, HOST:PORT or dns:NAME:PORT")
                     ->type_name("ADDRESS");
  command.add_option("--rules", arguments.rules, "Or a file of the embedded rules")
      ->type_name("FILE")
      ->excludes(policy);
  command.add_option("--concurrency", arguments.concurrency, "Questions that are open at once")
      ->check(CLI::Range(1, kMaxConcurrency))
      ->type_name("N")
      ->capture_default_str();
  command.add_option("--timeout", arguments.timeout_ms, "Milliseconds for each verdict")
      ->check(CLI::Range(1, kMaxTimeoutMs))
      ->type_name("MS")
      ->capture_default_str();
  command.add_flag("--allow-side-effects", arguments.allow_side_effects,
                   "Ask a policy that knows no dry runs");
  command.add_flag("--insecure", arguments.insecure, "Plain TCP, on loopback only");
  const auto add_file = [&command](const char* name, std::string& value, const char* help) {
    return command.add_option(name, value, help)->type_name("FILE");
  };
  auto* ca = add_file("--policy-ca", arguments.tls.ca, "TLS: who signed the policy's certificate");
  auto* cert = add_file("--policy-cert", arguments.tls.certificate, "TLS: our certificate");
  auto* key = add_file("--policy-key", arguments.tls.key, "TLS: its private key");
  ca->needs(cert)->needs(key);
  cert->needs(ca);
  key->needs(ca);
  command
      .add_option("--policy-name", arguments.server_name,
                  "TLS: a name in the policy's certificate, when that is not the address")
      ->type_name("NAME")
      ->needs(ca);
  command
      .add_option("--allow-raw", arguments.raw_directives,
                  "Directive that the instance's allowed_raw_directives name")
      ->type_name("DIRECTIVE");
}

}  // namespace

void AddReplayCommand(CLI::App& app, CommandLine& line) {
  CLI::App* command =
      app.add_subcommand("replay", "Put a recording to a policy and show what would change");
  const auto arguments = std::make_shared<Arguments>();
  command->add_option("FILE", arguments->file, "A recording of `ovpn-brokerctl record`")
      ->required()
      ->type_name("");
  AddPolicyOptions(*command, *arguments);
  command->footer(
      "Shows each verdict that is not as recorded, field by field, and the lines of its "
      "client-auth "
      "block;\nthen the latencies. Needs no broker. The policy is told that no verdict counts "
      "(MODE_SHADOW,\nand dry_run in each request when it switched on CAPABILITY_DRY_RUN).\n"
      "Exit codes: 0 all are the same, 5 some are not or have no verdict, 2 the file or the "
      "arguments\nhave errors, 3 nobody answers at ADDRESS, 1 the policy knows no dry runs.\n"
      "\n"
      "Examples:\n"
      "  ovpn-brokerctl record --for 10m monday.jsonl\n"
      "  ovpn-brokerctl replay monday.jsonl --policy unix:/tmp/ovpn-policy.sock\n"
      "  ovpn-brokerctl replay monday.jsonl --rules next-rules.yaml -o json | \\\n"
      "      jq .different");
  command->callback([&line, arguments] {
    line.run = [&line, arguments] { return RunReplay(line.global, *arguments); };
  });
}

}  // namespace ovpnbroker::ctl
