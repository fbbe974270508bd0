// The policies of the configuration, made and kept by name: embedded rules and remote ones. Owned
// by the broker; loop thread only.
#pragma once

#include <asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ovpn/base/clock.h"
#include "ovpn/base/log.h"
#include "ovpnbroker/config/v1/broker_config.pb.h"
#include "policy/engine_options.h"
#include "policy/latency_window.h"
#include "policy/policy.h"
#include "policy/rules/rules_policy.h"
#include "policy/session_access.h"
#include "policy/stream/stream_policy.h"
#include "server/broker_status.h"

namespace ovpnbroker::server {

class PolicyRegistry {
 public:
  struct Environment {
    asio::io_context& loop;
    const ovpn::Clock& clock;
    ovpn::Logger& logger;
    policy::SessionAccess& sessions;  // outlives the registry
  };

  // Makes all policies: rules files are read (errors name file, line and column), remote replicas
  // are dialled. The journal's epoch is told to remote policies as the broker's.
  static absl::StatusOr<std::unique_ptr<PolicyRegistry>> Make(
      const Environment& environment, const config::v1::BrokerConfig& config);

  // Who decides now; null when there is none of this name. A remote policy that a reload has
  // changed goes on with its old streams until a new one is READY, for kSwapPatience at most.
  std::shared_ptr<policy::Policy> Find(absl::string_view name) const;

  // Policies of another configuration, made but not in force.
  struct Staged;
  // Reads all rules, and with `dial` makes the remote policies that are new or changed. The status
  // has the errors of all policies, one a line.
  absl::StatusOr<std::shared_ptr<Staged>> Stage(const config::v1::BrokerConfig& config,
                                                bool dial) const;
  // Brings them into force. What is not needed any more drains.
  void Commit(Staged& staged);
  // Ends what has drained; called about once a second.
  void Tick();

  // One address of a remote policy, out of service and back. NOT_FOUND (no such policy, address, or
  // it is not drained), INVALID_ARGUMENT (not a remote policy), FAILED_PRECONDITION (no other
  // replica is READY, without `force`).
  absl::Status DrainReplica(const std::string& policy, const std::string& address, bool force);
  absl::Status ResumeReplica(const std::string& policy, const std::string& address);

  // How long the policy took for an answer that it gave.
  void NoteLatency(absl::string_view policy, ovpn::Duration latency);

  // Tells remote policies that the broker stops and takes nothing new.
  void Drain();
  // After Drain: every stream has ended.
  bool drained() const;

  std::vector<PolicyStatus> Statuses() const;
  // Calls `visit` for each remote policy.
  void VisitRemotes(const std::function<void(const policy::StreamPolicy&)>& visit) const;
  const std::string& broker_epoch() const { return broker_epoch_; }

 private:
  struct Unit {
    std::string name;
    std::string fingerprint;                     // of what a remote policy was made from
    std::shared_ptr<policy::StreamPolicy> next;  // takes over from `remote` when it is READY
    ovpn::SteadyTime next_at;                    // or at this time
    std::shared_ptr<policy::LatencyWindow> latency = std::make_shared<policy::LatencyWindow>();
    std::string rules_source;                      // file or folder of the embedded rules
    std::shared_ptr<policy::RulesPolicy> rules;    // exactly one of
    std::shared_ptr<policy::StreamPolicy> remote;  // these two
  };

  explicit PolicyRegistry(const Environment& environment)
      : environment_(environment), broker_epoch_(environment.sessions.journal().epoch()) {}

  absl::Status StageRemote(const config::v1::PolicyConfig& config,
                           const config::v1::BrokerConfig& broker, const Unit* existing, bool dial,
                           Staged& staged) const;
  const Unit* FindUnit(absl::string_view name) const;
  const std::shared_ptr<policy::StreamPolicy>& Serving(const Unit& unit) const;
  absl::StatusOr<policy::StreamPolicy*> FindRemote(const std::string& name) const;
  void Retire(std::shared_ptr<policy::StreamPolicy> policy);

  const Environment environment_;
  const std::string broker_epoch_;
  std::vector<Unit> units_;                                     // in the order of the configuration
  std::vector<std::shared_ptr<policy::StreamPolicy>> retired_;  // drain
};

struct PolicyRegistry::Staged {
  struct Entry {
    Unit unit;
    std::shared_ptr<const policy::RuleSet> rules;       // of the embedded rules
    std::shared_ptr<policy::StreamPolicy> replacement;  // of a remote policy that has changed
    bool at_once = false;                               // without waiting for it to be READY
  };
  // A rules file whose contents have changed.
  struct Revision {
    std::string policy;
    std::string before;
    std::string after;
  };
  std::vector<Entry> entries;
  std::vector<Revision> revisions;
};

// How decisions of this instance are timed, and what happens when there is no verdict.
std::shared_ptr<const policy::EngineOptions> MakeEngineOptions(
    const config::v1::InstanceConfig& config);

}  // namespace ovpnbroker::server
