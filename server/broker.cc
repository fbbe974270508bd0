#include "server/broker.h"

#include <sys/stat.h>

#include <asio/post.hpp>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "ovpn/base/atomic_file.h"
#include "ovpn/base/status_macros.h"
#include "server/admin_options.h"
#include "server/config/address_pools.h"
#include "server/health/service_names.h"
#include "server/instance_factory.h"
#include "server/proto_duration.h"

namespace ovpnbroker::server {
namespace {

// How long admin calls may take to end once the rest is down.
constexpr std::chrono::milliseconds kAdminGrace{500};
// What OpenVPN gets to read denials and tell them to clients, before its SIGTERM or our end.
constexpr std::chrono::milliseconds kDenyGrace{500};
constexpr std::chrono::milliseconds kDrainPoll{20};
constexpr mode_t kRuntimeDirectoryMode = 0750;

policy::CancelReason ToPolicy(ovpn::WithdrawReason reason) {
  switch (reason) {
    case ovpn::WithdrawReason::kClientGone:
      return policy::CancelReason::kClientGone;
    case ovpn::WithdrawReason::kSuperseded:
      return policy::CancelReason::kSuperseded;
    case ovpn::WithdrawReason::kInstanceStopped:
      return policy::CancelReason::kInstanceStopped;
  }
  return policy::CancelReason::kClientGone;
}

policy::OutcomeResult ToPolicy(ovpn::AnswerOutcome outcome) {
  switch (outcome) {
    case ovpn::AnswerOutcome::kWritten:
      return policy::OutcomeResult::kWritten;
    case ovpn::AnswerOutcome::kVerified:
      return policy::OutcomeResult::kVerified;
    case ovpn::AnswerOutcome::kMismatched:
      return policy::OutcomeResult::kMismatched;
    case ovpn::AnswerOutcome::kNotEnforced:
      return policy::OutcomeResult::kNotEnforced;
  }
  return policy::OutcomeResult::kNotEnforced;
}

policy::AnswerResult ToPolicy(ovpn::AnswerReceipt receipt) {
  switch (receipt.status) {
    case ovpn::AnswerReceipt::Status::kQueued:
      return {.granted = receipt.granted,
              .lines = std::move(receipt.lines),
              .wanted_addresses = std::move(receipt.wanted_addresses)};
    case ovpn::AnswerReceipt::Status::kRejected:
      return policy::AnswerResult::Rejected(std::move(receipt.violations));
    case ovpn::AnswerReceipt::Status::kGone:
      return policy::AnswerResult::Gone();
  }
  return policy::AnswerResult::Gone();
}

policy::ReplaceBy ReplaceByOf(const InstanceParts& parts) {
  if (parts.duplicate_cn) return policy::ReplaceBy::kNothing;
  return parts.username_as_common_name ? policy::ReplaceBy::kUsername
                                       : policy::ReplaceBy::kCommonName;
}

absl::Status MakeRuntimeDirectory(const std::string& path) {
  if (mkdir(path.c_str(), kRuntimeDirectoryMode) == 0 || errno == EEXIST) return absl::OkStatus();
  return absl::ErrnoToStatus(errno,
                             absl::StrCat("the runtime directory ", path, " cannot be made"));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Broker>> Broker::Make(const Environment& environment,
                                                     const std::string& config_path,
                                                     const config::v1::BrokerConfig& config) {
  RETURN_IF_ERROR(MakeRuntimeDirectory(config.runtime_directory()));
  ASSIGN_OR_RETURN(ovpn::FileLock lock, ovpn::AcquireDirectoryLock(config.runtime_directory()));

  std::unique_ptr<Broker> broker(new Broker(environment, config_path, config, std::move(lock)));
  ASSIGN_OR_RETURN(broker->policies_, PolicyRegistry::Make({environment.loop, environment.clock,
                                                            environment.log_tail, *broker},
                                                           config));
  RETURN_IF_ERROR(broker->ban_keeper_.Start());
  ASSIGN_OR_RETURN(broker->lease_keeper_, broker->ReadLeases(config));
  if (broker->lease_keeper_ != nullptr) broker->lease_keeper_->Keep();
  RETURN_IF_ERROR(broker->session_end_keeper_.Start());
  RETURN_IF_ERROR(broker->drain_keeper_.Start());
  for (const config::v1::InstanceConfig& instance : config.instances()) {
    ASSIGN_OR_RETURN(std::unique_ptr<ovpn::Instance> made, broker->MakeInstance(instance, config));
    broker->instances_.Add(std::move(made));
    RETURN_IF_ERROR(broker->instances_.all().back()->OpenPassthrough());
    broker->Judge(instance);
  }
  RETURN_IF_ERROR(broker->decision_records_.Open(MakeDecisionLogOptions(config.decision_log())));
  ASSIGN_OR_RETURN(broker->audit_, AuditLog::Make(environment.log_tail,
                                                  MakeAuditFileOptions(config.admin().audit())));
  broker->roles_ = std::make_shared<CertificateAccess>(MakeGrants(config.admin().tcp()));
  ASSIGN_OR_RETURN(broker->admin_,
                   AdminServer::Start(
                       {environment.loop, environment.clock, *broker, *broker->audit_,
                        environment.log_tail, environment.log_level, config.admin().max_watches()},
                       MakeListenerOptions(config.admin(), broker->roles_)));
  if (config.has_metrics()) {
    ASSIGN_OR_RETURN(
        broker->metrics_,
        MetricsServer::Start(environment.loop, config.metrics().address(),
                             [self = broker.get()] { return self->CollectMetrics(); }));
  }
  broker->RefreshHealth();
  return broker;
}

Broker::Broker(const Environment& environment, std::string config_path,
               const config::v1::BrokerConfig& config, ovpn::FileLock lock)
    : loop_(environment.loop),
      clock_(environment.clock),
      launcher_(environment.launcher),
      logger_(environment.log_tail),
      config_path_(std::move(config_path)),
      log_level_(environment.log_level),
      config_(config),
      config_time_(clock_.WallNow()),
      dropped_log_lines_(environment.dropped_log_lines),
      start_time_(clock_.WallNow()),
      lock_(std::move(lock)),
      journal_(ovpn::NewUuid7(start_time_), clock_),
      ban_keeper_(loop_, clock_, logger_, bans_, config_.state_directory()),
      admission_(clock_, logger_,
                 ReadAddressPools(config_, [](const std::string&, const std::string&) {}),
                 [this](const ovpn::ClientRef& client, const ovpn::SessionUid& uid,
                        const std::string& reason, std::function<void(absl::Status)> done) {
                   EndSession(client, uid, reason, std::move(done));
                 }),
      admission_timer_(loop_, [this] { admission_.OnDeadline(); }),
      session_end_keeper_(loop_, clock_, logger_, admission_.session_ends(),
                          config_.state_directory()),
      decision_log_(logger_),
      decision_records_(logger_),
      // Posted: candidates are asked in a loop turn of their own, behind the answer.
      shadow_desk_(clock_, policy::ShadowLimits{},
                   [this] { asio::post(loop_, [this] { PumpShadows(); }); }),
      shadow_timer_(loop_,
                    [this] {
                      shadow_desk_.OnDeadline();
                      shadow_timer_.Arm(shadow_desk_.NextDeadline());
                    }),
      engine_(clock_, policy::EngineLimits{},
              {&decision_log_, &decision_history_, &decision_metrics_, &decision_records_,
               &recording_desk_, &shadow_desk_, this}),
      engine_timer_(loop_, engine_),
      kill_desk_(loop_, clock_, instances_, logger_),
      instance_desk_(loop_, clock_, instances_, logger_),
      drain_keeper_(loop_, clock_, logger_, instance_desk_.drains(), config_.state_directory()),
      evaluation_desk_(loop_, clock_) {
  admission_.SetDeadlineListener(
      [this](std::optional<ovpn::SteadyTime> deadline) { admission_timer_.Arm(deadline); });
  engine_.SetAdmission(&admission_);
  engine_.SetBans(&bans_);
}

Broker::~Broker() = default;

absl::StatusOr<std::unique_ptr<ovpn::Instance>> Broker::MakeInstance(
    const config::v1::InstanceConfig& config, const config::v1::BrokerConfig& broker) {
  ASSIGN_OR_RETURN(InstanceParts parts, MakeInstanceParts(config, broker));
  admission_.SetReplaceBy(config.name(), ReplaceByOf(parts));
  ovpn::InstanceSink& sink = *this;
  return std::make_unique<ovpn::Instance>(
      loop_, clock_, std::move(parts.config), std::move(parts.allowed_raw),
      std::move(parts.management_password), launcher_, sink, logger_);
}

void Broker::Judge(const config::v1::InstanceConfig& config) {
  decision_metrics_.AddInstance(config.name());
  judgements_[config.name()] = {MakeEngineOptions(config), config.policy()};
  std::vector<std::shared_ptr<policy::Policy>> shadows;
  for (const std::string& shadow : config.shadows()) shadows.push_back(policies_->Find(shadow));
  shadow_desk_.Assign(config.name(), shadows);
}

std::shared_ptr<policy::Policy> Broker::JudgeOf(const std::string& instance) const {
  const auto found = judgements_.find(instance);
  return found == judgements_.end() ? nullptr : policies_->Find(found->second.policy);
}

absl::StatusOr<std::unique_ptr<LeaseKeeper>> Broker::ReadLeases(
    const config::v1::BrokerConfig& next) {
  if (next.address_pools().empty() || lease_keeper_ != nullptr) return nullptr;
  RETURN_IF_ERROR(ovpn::MakeStateDirectory(config_.state_directory()));
  auto keeper = std::make_unique<LeaseKeeper>(loop_, clock_, logger_, admission_.pools(),
                                              config_.state_directory());
  RETURN_IF_ERROR(keeper->Read());
  return keeper;
}

void Broker::PumpShadows() {
  shadow_desk_.Pump();
  shadow_timer_.Arm(shadow_desk_.NextDeadline());
}

void Broker::Start() {
  for (const config::v1::InstanceConfig& config : config_.instances()) {
    if (config.autostart()) instances_.Find(config.name())->Start();
  }
}

void Broker::Attach() {
  if (draining_) return;
  for (const auto& instance : instances_.all()) {
    const bool detached = instance->snapshot().state == ovpn::InstanceState::kDetached;
    if (detached) instance->Attach().IgnoreError();  // its state says what came of it
    instance->Start();
  }
}

void Broker::Detach() {
  instances_.StopAll(
      [this] { logger_.Info("DETACHED", "all children have ended; the broker goes on"); });
}

void Broker::Shutdown(std::function<void()> stopped) {
  BeginShutdown(std::move(stopped), [this] { StopInstances(); });
}

void Broker::HandOver(std::function<void()> stopped) {
  BeginShutdown(std::move(stopped), [this] { StopPolicies(); });
}

void Broker::BeginShutdown(std::function<void()> stopped, std::function<void()> next) {
  if (std::exchange(draining_, true)) return;
  instance_desk_.Close();
  stopped_ = std::move(stopped);
  admin_->SetHealth(kPolicyHealth, false);
  shutdown_timer_ = std::make_unique<ovpn::DeadlineTimer>(loop_, [this] {
    logger_.Error("SHUTDOWN_TIMEOUT",
                  "not everything ended within shutdown_timeout; the rest is left behind");
    FinishShutdown();
  });
  shutdown_timer_->Arm(clock_.Now() + ToDuration(config_.shutdown_timeout()));
  // Clients that wait are told at once; OpenVPN gets a moment to send it before it is ended.
  const bool owed = engine_.Stats().open > 0;
  engine_.Shutdown();
  if (!owed) return next();
  drain_timer_ = std::make_unique<ovpn::DeadlineTimer>(loop_, std::move(next));
  drain_timer_->Arm(clock_.Now() + kDenyGrace);
}

void Broker::StopInstances() {
  // Posted: the last child's exit is reported from inside its instance.
  instances_.StopAll([this] { asio::post(loop_, [this] { StopPolicies(); }); });
}

void Broker::StopPolicies() {
  shadow_desk_.Stop();
  policies_->Drain();
  AwaitPolicies();
}

void Broker::AwaitPolicies() {
  if (policies_->drained()) return FinishShutdown();
  drain_timer_ = std::make_unique<ovpn::DeadlineTimer>(loop_, [this] { AwaitPolicies(); });
  drain_timer_->Arm(clock_.Now() + kDrainPoll);
}

void Broker::FinishShutdown() {
  // Two ways lead here, all is down or time is up, and the later one finds nothing to do.
  if (stopped_ == nullptr) return;
  admin_->Shutdown(kAdminGrace);
  std::exchange(stopped_, nullptr)();
}

void Broker::RefreshHealth() {
  policies_->Tick();
  bool ready = !draining_;
  for (const auto& instance : instances_.all()) {
    const bool running = instance->snapshot().state == ovpn::InstanceState::kRunning;
    admin_->SetHealth(absl::StrCat(kInstanceHealth, instance->config().name),
                      running && !draining_);
    ready = ready && JudgeOf(instance->config().name)->ready();
  }
  admin_->SetHealth(kPolicyHealth, ready);
}

void Broker::OnAuthRequest(ovpn::AuthRequest request) {
  if (request.kind == ovpn::AuthKind::kChallengeResponse) {
    return engine_.Continue(std::move(request));
  }
  const ovpn::KeyRef key = request.key;
  const Judgement& judgement = judgements_.at(key.client.instance);
  const ovpn::DecisionId id = ovpn::NewUuid7(clock_.WallNow());
  // A drain denies before any policy is asked; sessions that are in renegotiate as ever.
  std::shared_ptr<policy::Policy> policy;
  if (request.kind == ovpn::AuthKind::kConnect) {
    policy = instance_desk_.drains().GateOf(key.client.instance);
  }
  if (policy == nullptr) policy = policies_->Find(judgement.policy);
  const ovpn::AnswerOrigin origin{std::string(policy->name()), id};
  // By name: a reload may have taken the instance away by the time of the answer. The instances as
  // a whole outlive the engine.
  policy::Decision decision(id, std::move(request), judgement.options,
                            [this, key, origin](const ovpn::Verdict& answer) {
                              ovpn::Instance* const asker = instances_.Find(key.client.instance);
                              if (asker == nullptr) return policy::AnswerResult::Gone();
                              return ToPolicy(asker->sessions().Answer(key, answer, origin));
                            });
  engine_.Submit(std::move(decision), policy);
}

void Broker::OnAuthWithdrawn(const ovpn::KeyRef& key, ovpn::WithdrawReason reason) {
  engine_.Withdraw(key, ToPolicy(reason));
}

void Broker::OnAnswerOutcome(const ovpn::KeyRef& key, ovpn::AnswerOutcome outcome,
                             const std::string& detail) {
  std::vector<std::string> got;
  if (outcome == ovpn::AnswerOutcome::kVerified || outcome == ovpn::AnswerOutcome::kMismatched) {
    const ovpn::SessionEntry* entry =
        instances_.Find(key.client.instance)->sessions().table().Find(key.client.cid);
    if (entry != nullptr) got = entry->session.virtual_addresses;
  }
  engine_.OnAnswerOutcome(key, ToPolicy(outcome), detail, std::move(got));
}

void Broker::OnSessionChanged(const ovpn::Session& session, ovpn::SessionChange change) {
  admission_.OnSessionChanged(session);
  decision_metrics_.OnSessionChanged(session, change);
  journal_.Append(policy::SessionRecord{change, session});
  if (change == ovpn::SessionChange::kAdopted) {
    instance_desk_.drains().OnSessionAdopted(session.client.instance);
  }
  if (session.state != ovpn::SessionState::kEnded) return;
  engine_.OnSessionEnded(session.client, session.uid);
  kill_desk_.OnSessionEnded(session);
}

void Broker::OnInstanceStateChanged(const std::string& instance, ovpn::InstanceState state,
                                    const std::string& detail) {
  const bool failed = state == ovpn::InstanceState::kFailed;
  const std::vector<ovpn::LogField> fields = {
      {"instance", instance}, {"state", ToString(state)}, {"detail", detail}};
  logger_.Write(failed ? ovpn::LogLevel::kError : ovpn::LogLevel::kInfo, "INSTANCE_STATE",
                "an instance's state has changed", fields);
  journal_.Append(policy::InstanceRecord{instance, state, detail});
  instance_desk_.OnStateChanged(instance);
  const bool serving = state == ovpn::InstanceState::kRunning && !draining_;
  admin_->SetHealth(absl::StrCat(kInstanceHealth, instance), serving);
  if (failed && config_.fail_fast() && on_fail_fast_ != nullptr) on_fail_fast_(instance);
}

void Broker::OnDecisionRecord(const policy::DecisionRecord& record) {
  // A session that no verdict stands behind says so for as long as it lasts.
  std::string policy = record.policy;
  if (record.basis == policy::AnswerBasis::kBan) policy = "(ban)";
  if (record.basis == policy::AnswerBasis::kFailureMode) policy += " (failure_mode)";
  if (record.basis == policy::AnswerBasis::kKeptLast) policy += " (stale)";
  const bool answered = record.steps == 0 && (record.basis == policy::AnswerBasis::kVerdict ||
                                              record.basis == policy::AnswerBasis::kAdmission);
  if (answered) policies_->NoteLatency(record.policy, record.latency);
  ovpn::Instance* const instance = instances_.Find(record.key.client.instance);
  if (instance == nullptr) return;  // a reload took it away; its records come late
  instance->sessions().NoteDecision(record.session_uid, record.id, policy, record.policy_revision);
}

void Broker::EndSession(const ovpn::ClientRef& client, const ovpn::SessionUid& uid,
                        const std::string& reason, std::function<void(absl::Status)> done) {
  ovpn::Instance* const instance = instances_.Find(client.instance);
  if (instance == nullptr) return done(absl::NotFoundError("its instance is gone"));
  instance->sessions().Kill(uid, ovpn::KillDisposition::kHalt, reason, std::move(done));
}

void Broker::KillSession(const ovpn::SessionUid& uid, bool halt, const std::string& reason,
                         std::function<void(absl::Status)> done) {
  const KillDisposition disposition = halt ? KillDisposition::kHalt : KillDisposition::kRestart;
  kill_desk_.Kill({uid, disposition, reason, {}},
                  [done = std::move(done)](const KillResult& result) {
                    const bool failed = result.outcome == KillOutcome::kFailed;
                    done(failed ? absl::UnavailableError(result.message) : absl::OkStatus());
                  });
}

void Broker::Kill(KillRequest request, std::function<void(KillResult)> done) {
  kill_desk_.Kill(std::move(request), std::move(done));
}

}  // namespace ovpnbroker::server
