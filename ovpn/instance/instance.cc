// Instance: the life of its child. What is said on the management connection is in
// instance_dialogue.cc.
#include "ovpn/instance/instance.h"

#include <csignal>
#include <utility>

#include "absl/strings/str_cat.h"
#include "ovpn/base/status_macros.h"
#include "ovpn/process/openvpn_command.h"
#include "ovpn/process/openvpn_log_line.h"

namespace ovpnbroker::ovpn {
namespace {

constexpr std::chrono::milliseconds kFirstConnectDelay{20};
constexpr std::chrono::milliseconds kMaxConnectDelay{500};

constexpr absl::string_view kUnreachable = "OpenVPN's management socket did not come up in time";

Connection::Options ConnectionOptions(const InstanceConfig& config,
                                      std::optional<Secret> password) {
  Connection::Options options{
      .instance = config.name, .address = config.management, .password = std::move(password)};
  // OpenVPN binds its socket within milliseconds of its start.
  options.backoff = {kFirstConnectDelay, kMaxConnectDelay};
  options.reply_timeout = config.reply_timeout;
  options.bytecount_interval = config.bytecount_interval;
  return options;
}

}  // namespace

Instance::Instance(asio::io_context& loop, const Clock& clock, InstanceConfig config,
                   DirectivePolicy allowed_raw, std::optional<Secret> management_password,
                   Launcher& launcher, InstanceSink& sink, Logger& logger)
    : loop_(loop),
      clock_(clock),
      config_(std::move(config)),
      launcher_(launcher),
      sink_(sink),
      logger_(logger),
      state_change_time_(clock.WallNow()),
      sessions_(config_, std::move(allowed_raw), *this, clock, sink, logger),
      connection_(loop, ConnectionOptions(config_, std::move(management_password)), *this, logger),
      restart_policy_(config_.restart),
      stop_sequence_(config_.stop_timeout),
      timer_(loop, [this] { OnDeadline(); }) {}

Instance::~Instance() = default;

Instance::Snapshot Instance::snapshot() const {
  return {state_,
          detail_,
          state_change_time_,
          child_ != nullptr ? child_->pid() : 0,
          restarts_,
          openvpn_version_,
          connection_.ready(),
          management_connects_,
          management_losses_};
}

absl::Status Instance::OpenPassthrough() {
  if (!config_.passthrough.has_value()) return absl::OkStatus();
  const Subscriptions own{.state = true, .bytecount = config_.bytecount_interval};
  CommandChannel& channel = *this;
  passthrough_ = std::make_unique<Passthrough>(config_.name, *config_.passthrough, own, channel,
                                               clock_, logger_);
  ASSIGN_OR_RETURN(
      passthrough_listener_,
      PassthroughListener::Open(loop_, config_.name, *config_.passthrough, *passthrough_, logger_));
  return absl::OkStatus();
}

void Instance::Start() {
  if (state_ != InstanceState::kStopped && state_ != InstanceState::kFailed &&
      state_ != InstanceState::kBackoff)
    return;
  restart_policy_.Reset();
  BeginStart();
}

void Instance::BeginStart() {
  give_up_.reset();
  unreachable_ = false;
  timer_.Arm(std::nullopt);
  SetState(InstanceState::kStarting);
  if (!TryAdopt()) RunPreflight();
}

LaunchOptions Instance::MakeLaunchOptions() const {
  OpenvpnCommandOptions command;
  command.program = config_.openvpn;
  command.config_file = config_.openvpn_config;
  command.working_directory = config_.working_directory;
  command.management = config_.management.openvpn_words();
  command.management_password_file = config_.management_password_file;
  command.extra_arguments = config_.extra_arguments;
  return BuildOpenvpnLaunch(command, lock_.has_value() ? lock_->fd() : -1);
}

// A child that outlived its broker holds the lock that it inherited from it.
bool Instance::TryAdopt() {
  const auto attempt = TryAcquireInstanceLock(config_.runtime_directory, config_.name);
  if (!attempt.ok() || attempt->lock.has_value() || !attempt->holder.has_value()) return false;
  auto child = launcher_.Adopt(*attempt->holder, MakeLaunchOptions(), *this);
  if (!child.ok()) {
    logger_.Warning("CHILD_NOT_ADOPTED",
                    "the lock of this instance is held by a process that is not taken over",
                    {{"instance", config_.name}, {"status", child.status().message()}});
    return false;
  }
  adopted_ = true;
  logger_.Info(
      "CHILD_ADOPTED",
      "an OpenVPN that outlived its broker is taken over; its own log is lost until it restarts",
      {{"instance", config_.name}, {"pid", *attempt->holder}});
  Watch(*std::move(child));
  return true;
}

void Instance::RunPreflight() {
  PreflightRequest request;
  request.instance = config_.name;
  request.config_file = config_.openvpn_config;
  request.management_socket = config_.management.unix_path();
  if (request.management_socket.empty()) request.management_tcp = config_.management.endpoint();
  // A run that a Stop left behind ends with its object.
  preflight_ = std::make_unique<Preflight>(loop_, logger_);
  preflight_->Run(std::move(request), [this](const absl::Status& status) {
    // A Stop in between has the last word.
    if (state_ != InstanceState::kStarting) return;
    if (status.ok()) return Launch();
    if (absl::IsFailedPrecondition(status)) {
      return Finish(InstanceState::kFailed, std::string(status.message()));
    }
    OnStartFailed(status);
  });
}

void Instance::Launch() {
  absl::StatusOr<FileLock::Attempt> attempt =
      TryAcquireInstanceLock(config_.runtime_directory, config_.name);
  if (!attempt.ok()) return OnStartFailed(attempt.status());
  if (!attempt->lock.has_value()) {
    const std::string holder =
        attempt->holder.has_value() ? absl::StrCat(" (pid ", *attempt->holder, ")") : "";
    return Finish(InstanceState::kFailed,
                  absl::StrCat("the lock of this instance in ", config_.runtime_directory,
                               " is held by another process", holder,
                               "; end it and start the instance again"));
  }
  lock_ = std::move(attempt->lock);
  auto child = launcher_.Launch(MakeLaunchOptions(), *this);
  if (!child.ok()) {
    lock_.reset();
    return OnStartFailed(child.status());
  }
  if (const absl::Status written = lock_->WritePid((*child)->pid()); !written.ok()) {
    logger_.Warning("LOCK_WITHOUT_PID", "the child's pid could not be written to its lock file",
                    {{"instance", config_.name}, {"status", written.ToString()}});
  }
  logger_.Info(
      "CHILD_STARTED", "OpenVPN was started",
      {{"instance", config_.name}, {"pid", (*child)->pid()}, {"config", config_.openvpn_config}});
  adopted_ = false;
  Watch(*std::move(child));
}

void Instance::Watch(std::unique_ptr<ChildProcess> child) {
  child_ = std::move(child);
  hold_released_ = false;
  seen_ready_ = false;
  restart_policy_.OnStarted(clock_.Now());
  sessions_.BeginEpoch("a new child was started");
  timer_.Arm(clock_.Now() + config_.start_timeout);
  connection_.Start();
}

void Instance::OnStartFailed(const absl::Status& status) {
  logger_.Error("CHILD_START_FAILED", "OpenVPN could not be started",
                {{"instance", config_.name}, {"status", status.ToString()}});
  Apply(restart_policy_.OnStartFailed(clock_.Now()), status.message());
}

void Instance::Apply(const RestartDecision& decision, absl::string_view what) {
  const std::string detail =
      decision.reason.empty() ? std::string(what) : absl::StrCat(what, " (", decision.reason, ")");
  switch (decision.action) {
    case RestartDecision::Action::kRestart:
      ++restarts_;
      timer_.Arm(clock_.Now() + decision.delay);
      SetState(InstanceState::kBackoff, detail);
      return;
    case RestartDecision::Action::kStop:
      return Finish(InstanceState::kStopped, detail);
    case RestartDecision::Action::kFail:
      return Finish(InstanceState::kFailed, detail);
  }
}

void Instance::OnChildOutput(absl::string_view line) {
  const OpenvpnLogLine parsed = ParseOpenvpnLogLine(line);
  const LogLevel level = ToLogLevel(parsed.level);
  if (level < config_.openvpn_log_level || !logger_.Enabled(level)) return;
  const LogField fields[] = {{"instance", config_.name}, {"openvpn_level", ToString(parsed.level)}};
  logger_.Write(level, "OPENVPN", parsed.text, fields);
}

void Instance::OnChildExit(const ExitStatus& status) {
  const bool ordered = stop_sequence_.begun();
  logger_.Write(ordered ? LogLevel::kInfo : LogLevel::kError, "CHILD_EXITED", "OpenVPN has ended",
                std::vector<LogField>{{"instance", config_.name},
                                      {"pid", child_->pid()},
                                      {"status", status.ToString()},
                                      {"ordered", ordered ? "yes" : "no"}});
  timer_.Arm(std::nullopt);
  stop_sequence_ = StopSequence(config_.stop_timeout);
  attaching_ = false;
  sessions_.BeginEpoch(absl::StrCat("OpenVPN ", status.ToString()));
  connection_.Stop();
  child_.reset();
  lock_.reset();
  if (state_ == InstanceState::kStopping) return Finish(InstanceState::kStopped, "");
  if (state_ == InstanceState::kDetached) {
    return Finish(InstanceState::kStopped,
                  absl::StrCat("OpenVPN ", status.ToString(), " while it was detached"));
  }
  if (give_up_.has_value()) return Finish(InstanceState::kFailed, *give_up_);
  // We ended it ourselves: whatever its exit code, it is no success.
  if (unreachable_) return Apply(restart_policy_.OnStartFailed(clock_.Now()), kUnreachable);
  Apply(restart_policy_.OnExited(status, clock_.Now()),
        absl::StrCat("OpenVPN ", status.ToString()));
}

void Instance::Stop(std::function<void()> stopped, std::optional<Duration> grace) {
  stopped_.push_back(std::move(stopped));
  if (child_ == nullptr) return Finish(InstanceState::kStopped, "");
  if (grace.has_value() && !stop_sequence_.begun()) stop_sequence_ = StopSequence(*grace);
  SetState(InstanceState::kStopping);
  EndChild();
}

absl::Status Instance::SoftRestart() {
  if (state_ != InstanceState::kRunning || child_ == nullptr || stop_sequence_.begun()) {
    return absl::FailedPreconditionError("only a running tunnel can be restarted");
  }
  return child_->Signal(SIGUSR1);
}

absl::Status Instance::Detach() {
  if (state_ != InstanceState::kRunning || child_ == nullptr || stop_sequence_.begun()) {
    return absl::FailedPreconditionError("only a running OpenVPN can be let go of");
  }
  logger_.Info("INSTANCE_DETACHED",
               "the broker lets go of an OpenVPN that runs on; nobody new gets in",
               {{"instance", config_.name}, {"pid", child_->pid()}});
  timer_.Arm(std::nullopt);
  connection_.Stop();
  lock_.reset();  // the child holds it, for whoever takes it over
  SetState(InstanceState::kDetached);
  return absl::OkStatus();
}

absl::Status Instance::Attach() {
  if (state_ == InstanceState::kDetached) {
    // What the table knows is compared with what OpenVPN has by then.
    attaching_ = true;
    adopted_ = true;
    seen_ready_ = false;
    SetState(InstanceState::kStarting, "attaching");
    timer_.Arm(clock_.Now() + config_.start_timeout);
    connection_.Start();
    return absl::OkStatus();
  }
  if (state_ != InstanceState::kStopped && state_ != InstanceState::kFailed) {
    return absl::FailedPreconditionError("there is nothing to take over");
  }
  give_up_.reset();
  unreachable_ = false;
  restart_policy_.Reset();
  if (!TryAdopt()) {
    return absl::NotFoundError("no OpenVPN of this instance runs; start it instead");
  }
  SetState(InstanceState::kStarting, "attaching");
  return absl::OkStatus();
}

void Instance::GiveUp(const std::string& reason) {
  if (give_up_.has_value()) return;
  logger_.Error("INSTANCE_UNUSABLE", "this instance cannot be run as it is configured",
                {{"instance", config_.name}, {"reason", reason}});
  give_up_ = reason;
  if (child_ != nullptr) EndChild();
}

void Instance::EndChild() {
  const std::optional<int> signal = stop_sequence_.Begin(clock_.Now());
  if (signal.has_value())
    child_->Signal(*signal).IgnoreError();  // NOT_FOUND: it has ended, its exit is on the way
  timer_.Arm(stop_sequence_.next_deadline());
}

void Instance::OnDeadline() {
  if (child_ != nullptr && stop_sequence_.begun()) {
    const std::optional<int> signal = stop_sequence_.OnDeadline(clock_.Now());
    if (!signal.has_value()) return;
    logger_.Warning("CHILD_KILLED", "OpenVPN did not end in time and is killed",
                    {{"instance", config_.name}, {"pid", child_->pid()}});
    child_->Signal(*signal).IgnoreError();
  } else if (attaching_) {
    // It serves its sessions: no reason to end it.
    attaching_ = false;
    connection_.Stop();
    SetState(InstanceState::kDetached, absl::StrCat(kUnreachable, "; does another client hold ",
                                                    config_.management.ToString(), "?"));
  } else if (child_ != nullptr) {
    logger_.Error("CHILD_UNREACHABLE", kUnreachable,
                  {{"instance", config_.name}, {"management", config_.management.ToString()}});
    unreachable_ = true;
    EndChild();
  } else if (state_ == InstanceState::kBackoff) {
    BeginStart();
  }
}

void Instance::SetState(InstanceState state, std::string detail) {
  if (state == state_ && detail == detail_) return;
  state_ = state;
  detail_ = std::move(detail);
  state_change_time_ = clock_.WallNow();
  sink_.OnInstanceStateChanged(config_.name, state_, detail_);
}

void Instance::Finish(InstanceState state, std::string detail) {
  timer_.Arm(std::nullopt);
  SetState(state, std::move(detail));
  for (const auto& stopped : std::exchange(stopped_, {})) stopped();
}

}  // namespace ovpnbroker::ovpn
