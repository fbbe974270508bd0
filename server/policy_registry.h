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

  // Null when there is none of this name.
  std::shared_ptr<policy::Policy> Find(absl::string_view name) const;
  // Reads the rules again, those of policies that `config` still has. All or nothing; the status
  // has the errors of all policies, one a line.
  absl::Status ReloadRules(const config::v1::BrokerConfig& config);
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
    std::string rules_source;                      // file or folder of the embedded rules
    std::shared_ptr<policy::RulesPolicy> rules;    // exactly one of
    std::shared_ptr<policy::StreamPolicy> remote;  // these two
  };

  explicit PolicyRegistry(std::string broker_epoch) : broker_epoch_(std::move(broker_epoch)) {}

  absl::Status Add(const Environment& environment, const config::v1::PolicyConfig& config,
                   const config::v1::BrokerConfig& broker);

  const std::string broker_epoch_;
  std::vector<Unit> units_;  // in the order of the configuration
};

// How decisions of this instance are timed, and what happens when there is no verdict.
std::shared_ptr<const policy::EngineOptions> MakeEngineOptions(
    const config::v1::InstanceConfig& config);

}  // namespace ovpnbroker::server
