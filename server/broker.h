// The broker: makes all parts from the configuration and ties them together. It is the only place
// that knows both halves: an instance's question becomes a Decision for the engine, the engine's
// answer goes back to the instance. Owned by main; loop thread only.
//
// Parts go down in the reverse of their order below: the engine before the instances, which its
// last denials are written to; the policies after the engine.
#pragma once

#include <asio/io_context.hpp>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "ovpn/base/clock.h"
#include "ovpn/base/log.h"
#include "ovpn/instance/instance_set.h"
#include "ovpn/instance/instance_sink.h"
#include "ovpn/process/file_lock.h"
#include "ovpn/process/launcher.h"
#include "policy/admission.h"
#include "policy/decision_history.h"
#include "policy/decision_log.h"
#include "policy/engine.h"
#include "policy/engine_timer.h"
#include "policy/session_journal.h"
#include "policy/shadow_desk.h"
#include "server/admin/access.h"
#include "server/admin/admin_server.h"
#include "server/audit.h"
#include "server/ban_keeper.h"
#include "server/broker_control.h"
#include "server/broker_status.h"
#include "server/config/config_loader.h"
#include "server/decision_record_log.h"
#include "server/drain_keeper.h"
#include "server/evaluation_desk.h"
#include "server/instance_desk.h"
#include "server/kill_desk.h"
#include "server/lease_keeper.h"
#include "server/metrics/decision_metrics.h"
#include "server/metrics/metrics_server.h"
#include "server/policy_registry.h"
#include "server/recording_desk.h"
#include "server/session_end_keeper.h"

namespace ovpnbroker::server {

class Broker final : public BrokerControl,
                     private ovpn::InstanceSink,
                     private policy::SessionAccess,
                     private policy::DecisionObserver {
 public:
  struct Environment {
    asio::io_context& loop;
    const ovpn::Clock& clock;
    ovpn::Launcher& launcher;
    LogTail& log_tail;  // where everything is logged to
    LogLevelControl& log_level;
    std::function<uint64_t()> dropped_log_lines;  // since the start
  };

  // Takes the runtime directory, starts the admin API and makes every part; starts no child yet.
  // `config` is without errors and was read from `config_path`. FAILED_PRECONDITION: another broker
  // has the directory.
  static absl::StatusOr<std::unique_ptr<Broker>> Make(const Environment& environment,
                                                      const std::string& config_path,
                                                      const config::v1::BrokerConfig& config);
  ~Broker() override;

  // Starts the instances that start with the broker.
  void Start();
  // Starts all instances that do not run; SIGUSR1.
  void Attach();
  // Ends all children and keeps serving the admin API; SIGUSR2.
  void Detach();
  // Denies what is open, ends all children, closes the policies and the admin API, then calls
  // `stopped` once. At the latest after the configured shutdown_timeout. SIGTERM.
  void Shutdown(std::function<void()> stopped);
  // As Shutdown, but the children run on: the next broker adopts them with their sessions. SIGQUIT.
  void HandOver(std::function<void()> stopped);
  // Set when fail_fast asks for the end of the broker: what failed.
  void SetFailFastListener(std::function<void(std::string)> listener) {
    on_fail_fast_ = std::move(listener);
  }
  // Brings the health service up to date; called about once a second.
  void RefreshHealth();

  // BrokerControl
  BrokerStatus GetStatus() const override;
  std::vector<InstanceStatus> ListInstances() const override;
  std::vector<PolicyStatus> ListPolicies() const override;
  void VisitSessions(absl::string_view after,
                     const std::function<bool(const ovpn::Session&)>& visit) const override;
  std::optional<ovpn::Session> FindSession(const ovpn::SessionUid& uid) const override;
  policy::AddressPools& address_pools() override { return admission_.pools(); }
  const policy::DecisionHistory& decisions() const override { return decision_history_; }
  void VisitUnfinishedDecisions(
      const std::function<void(const policy::DecisionRecord&, bool open)>& visit) const override {
    engine_.VisitUnfinished(visit);
  }
  const policy::ShadowDesk& shadows() const override { return shadow_desk_; }
  BanControl& bans() override { return ban_keeper_; }
  policy::SessionJournal& session_journal() override { return journal_; }
  InstanceControl& instance_control() override { return instance_desk_; }
  RecordingDesk& recordings() override { return recording_desk_; }
  const config::v1::BrokerConfig& config() const override { return config_; }
  ovpn::WallTime config_time() const override { return config_time_; }
  ReloadReport Reload(bool validate_only) override;
  absl::Status DrainReplica(const std::string& policy, const std::string& address,
                            bool force) override {
    return policies_->DrainReplica(policy, address, force);
  }
  absl::Status ResumeReplica(const std::string& policy, const std::string& address) override {
    return policies_->ResumeReplica(policy, address);
  }
  void Evaluate(const std::string& policy, ovpn::AuthRequest request,
                std::function<void(absl::StatusOr<Evaluation>)> done) override;
  void Kill(KillRequest request, std::function<void(KillResult)> done) override;

 private:
  // What the engine needs to know of one instance.
  struct Judgement {
    std::shared_ptr<const policy::EngineOptions> options;
    std::string policy;
  };
  using MadeInstances = absl::flat_hash_map<std::string, std::unique_ptr<ovpn::Instance>>;

  Broker(const Environment& environment, std::string config_path,
         const config::v1::BrokerConfig& config, ovpn::FileLock lock);

  void EndSession(const ovpn::ClientRef& client, const ovpn::SessionUid& uid,
                  const std::string& reason, std::function<void(absl::Status)> done);
  // What is to keep the leases of this configuration's pools, read and not in use yet; null without
  // pools, and when they are kept already.
  absl::StatusOr<std::unique_ptr<LeaseKeeper>> ReadLeases(const config::v1::BrokerConfig& next);
  // Denies what is open and calls `next` when OpenVPN has had the time to pass it on.
  void BeginShutdown(std::function<void()> stopped, std::function<void()> next);
  void StopInstances();
  void StopPolicies();
  void PumpShadows();
  void AwaitPolicies();
  void FinishShutdown();
  ReloadReport TryReload(bool validate_only);
  // OpenVPN processes that run with other files than are on the disk now.
  std::vector<Finding> FindOutdatedProcesses() const;
  // Not among the instances yet.
  absl::StatusOr<std::unique_ptr<ovpn::Instance>> MakeInstance(
      const config::v1::InstanceConfig& config, const config::v1::BrokerConfig& broker);
  absl::StatusOr<EvaluationDesk::Question> MakeQuestion(const std::string& policy,
                                                        ovpn::AuthRequest request) const;
  // Who decides about this instance's clients, and how.
  void Judge(const config::v1::InstanceConfig& config);
  // Null when the instance is not there (any more).
  std::shared_ptr<policy::Policy> JudgeOf(const std::string& instance) const;
  absl::StatusOr<MadeInstances> MakeChangedInstances(const config::v1::BrokerConfig& next,
                                                     const std::vector<ReloadChange>& changes);
  void Apply(const config::v1::BrokerConfig& next, const std::vector<ReloadChange>& changes,
             PolicyRegistry::Staged& policies, std::unique_ptr<LeaseKeeper> leases,
             MadeInstances made);
  void ReplacePools(const config::v1::BrokerConfig& next, const std::vector<ReloadChange>& changes,
                    std::unique_ptr<LeaseKeeper> leases);
  void ReplaceInstances(const config::v1::BrokerConfig& next, MadeInstances made);

  // broker_metrics.cc: what monitoring is told
  MetricsSnapshot CollectMetrics() const;
  std::vector<std::string> WhyNotReady() const;
  void FillInstances(MetricBatch& batch) const;
  void FillPolicies(MetricBatch& batch) const;
  void FillPools(MetricBatch& batch) const;
  void FillBans(MetricBatch& batch) const;

  // InstanceSink
  void OnAuthRequest(ovpn::AuthRequest request) override;
  void OnAuthWithdrawn(const ovpn::KeyRef& key, ovpn::WithdrawReason reason) override;
  void OnAnswerOutcome(const ovpn::KeyRef& key, ovpn::AnswerOutcome outcome,
                       const std::string& detail) override;
  void OnSessionChanged(const ovpn::Session& session, ovpn::SessionChange change) override;
  void OnInstanceStateChanged(const std::string& instance, ovpn::InstanceState state,
                              const std::string& detail) override;
  // policy::SessionAccess; VisitSessions and FindSession are BrokerControl's too.
  policy::SessionJournal& journal() override { return journal_; }
  void KillSession(const ovpn::SessionUid& uid, bool halt, const std::string& reason,
                   std::function<void(absl::Status)> done) override;
  // DecisionObserver
  void OnDecisionRecord(const policy::DecisionRecord& record) override;

  asio::io_context& loop_;
  const ovpn::Clock& clock_;
  ovpn::Launcher& launcher_;
  ovpn::Logger& logger_;
  const std::string config_path_;
  LogLevelControl& log_level_;
  config::v1::BrokerConfig config_;
  ovpn::WallTime config_time_;  // when it came into force
  const std::function<uint64_t()> dropped_log_lines_;
  const ovpn::WallTime start_time_;
  const ovpn::FileLock lock_;
  std::function<void(std::string)> on_fail_fast_;
  bool draining_ = false;

  policy::SessionJournal journal_;
  std::unique_ptr<PolicyRegistry> policies_;
  absl::flat_hash_map<std::string, Judgement> judgements_;  // by instance
  policy::BanList bans_;
  BanKeeper ban_keeper_;
  policy::Admission admission_;  // the instances report to it until they are gone
  ovpn::DeadlineTimer admission_timer_;
  std::unique_ptr<LeaseKeeper> lease_keeper_;  // null until there are pools
  SessionEndKeeper session_end_keeper_;
  ovpn::InstanceSet instances_;
  policy::DecisionLog decision_log_;
  policy::DecisionHistory decision_history_;
  DecisionMetrics decision_metrics_;
  DecisionRecordLog decision_records_;
  RecordingDesk recording_desk_;
  policy::ShadowDesk shadow_desk_;
  ovpn::DeadlineTimer shadow_timer_;
  policy::DecisionEngine engine_;
  policy::EngineTimer engine_timer_;
  KillDesk kill_desk_;
  InstanceDesk instance_desk_;
  DrainKeeper drain_keeper_;
  EvaluationDesk evaluation_desk_;
  std::unique_ptr<AuditLog> audit_;
  std::shared_ptr<CertificateAccess> roles_;
  std::unique_ptr<AdminServer> admin_;
  std::unique_ptr<MetricsServer> metrics_;  // null unless configured
  std::unique_ptr<ovpn::DeadlineTimer> shutdown_timer_;
  std::unique_ptr<ovpn::DeadlineTimer> drain_timer_;
  std::function<void()> stopped_;
};

}  // namespace ovpnbroker::server
