#include "server/policy_registry.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "ovpn/base/status_macros.h"
#include "ovpn/management/client_auth_block.h"
#include "policy/rules/ccd_folder.h"
#include "policy/rules/rule_parser.h"
#include "server/proto_duration.h"

namespace ovpnbroker::server {
namespace {

using config::v1::BrokerConfig;
using config::v1::InstanceConfig;
using config::v1::PolicyConfig;

bool IsShadowOf(const InstanceConfig& instance, const std::string& policy) {
  const auto& shadows = instance.shadows();
  return std::find(shadows.begin(), shadows.end(), policy) != shadows.end();
}

bool IsAskedBy(const InstanceConfig& instance, const std::string& policy) {
  return instance.policy() == policy || IsShadowOf(instance, policy);
}

policy::StreamPolicyOptions MakeOptions(const PolicyConfig& config, const BrokerConfig& broker,
                                        policy::SessionAccess& sessions) {
  const config::v1::RemoteConfig& remote = config.remote();
  policy::StreamPolicyOptions options;
  options.name = config.name();
  options.addresses.assign(remote.addresses().begin(), remote.addresses().end());
  options.insecure = remote.insecure();
  if (remote.has_tls()) {
    const config::v1::ClientTlsConfig& tls = remote.tls();
    options.tls = {.files = {.ca = tls.ca(), .certificate = tls.certificate(), .key = tls.key()},
                   .server_name = tls.server_name()};
  }
  options.broker = {broker.runtime_directory(), sessions.journal().epoch(), OVPNBROKER_VERSION};
  options.max_in_flight = static_cast<int>(remote.max_in_flight());
  options.circuit_failures = static_cast<int>(remote.circuit_failures());
  options.circuit_open_time = ToDuration(remote.circuit_open_time());
  options.grant_password = remote.grant_password();
  options.sessions = &sessions;
  options.grant_commands = remote.grant_commands();
  options.command_rate = remote.command_rate();
  options.command_burst = remote.command_burst();
  options.timings.traffic_interval = ToDuration(remote.traffic_interval());
  options.timings.handshake_timeout = ToDuration(remote.handshake_timeout());
  options.timings.initial_backoff = ToDuration(remote.initial_backoff());
  options.dns_refresh = ToDuration(remote.dns_refresh());
  options.timings.max_stream_age = ToDuration(remote.max_stream_age());
  options.timings.max_backoff = ToDuration(remote.max_backoff());
  // One stream serves all instances of the policy: it is told the longest of their budgets, and may
  // use raw directives when one of them may; each instance still checks every verdict by its own
  // list.
  options.decision_timeout = ovpn::Duration::zero();
  for (const InstanceConfig& instance : broker.instances()) {
    if (!IsAskedBy(instance, config.name())) continue;
    // A remote policy is one or the other, everywhere (config_check).
    if (IsShadowOf(instance, config.name())) {
      options.mode = policy::StreamMode::kShadow;
      options.grant_password = false;
      options.grant_commands = false;
    }
    options.instances.insert(instance.name());
    options.decision_timeout =
        std::max(options.decision_timeout, ToDuration(instance.decision().timeout()));
    if (instance.decision().has_max_timeout()) {
      options.max_decision_timeout =
          std::max(options.max_decision_timeout.value_or(ovpn::Duration::zero()),
                   ToDuration(instance.decision().max_timeout()));
    }
    options.allow_raw_directives =
        options.allow_raw_directives || instance.allowed_raw_directives_size() > 0;
  }
  return options;
}

ReplicaState ToStatus(policy::ReplicaState state) {
  switch (state) {
    case policy::ReplicaState::kBackoff:
      return ReplicaState::kBackoff;
    case policy::ReplicaState::kConnecting:
      return ReplicaState::kConnecting;
    case policy::ReplicaState::kHandshaking:
      return ReplicaState::kHandshaking;
    case policy::ReplicaState::kReady:
      return ReplicaState::kReady;
    case policy::ReplicaState::kDraining:
    case policy::ReplicaState::kClosed:
      return ReplicaState::kDraining;
  }
  return ReplicaState::kBackoff;
}

// What `pool` may name in rules.
std::vector<std::string> PoolNames(const BrokerConfig& broker) {
  std::vector<std::string> names;
  for (const auto& pool : broker.address_pools()) names.push_back(pool.name());
  return names;
}

const std::string& SourceOf(const config::v1::RulesConfig& rules) {
  return rules.has_ccd() ? rules.ccd() : rules.file();
}

absl::StatusOr<std::shared_ptr<const policy::RuleSet>> LoadRuleSet(
    const config::v1::RulesConfig& rules, const BrokerConfig& broker) {
  if (rules.has_ccd()) return policy::LoadCcdFolder(rules.ccd(), rules.ccd_exclusive());
  return policy::LoadRules(rules.file(), PoolNames(broker));
}

// Reads the rules and compiles the block of every allow, so that a bad option is an error of the
// file and not of each client it would be sent to. All instances of the policy must be able to
// write it.
absl::StatusOr<std::shared_ptr<const policy::RuleSet>> LoadCheckedRules(
    const PolicyConfig& config, const BrokerConfig& broker) {
  ASSIGN_OR_RETURN(std::shared_ptr<const policy::RuleSet> rules,
                   LoadRuleSet(config.rules(), broker));
  std::vector<std::string> errors;
  for (const InstanceConfig& instance : broker.instances()) {
    if (!IsAskedBy(instance, config.name())) continue;
    ASSIGN_OR_RETURN(const ovpn::DirectivePolicy allowed_raw,
                     ovpn::DirectivePolicy::Make({instance.allowed_raw_directives().begin(),
                                                  instance.allowed_raw_directives().end()}));
    for (const policy::Rule& rule : rules->rules()) {
      const ovpn::Allow* allow = std::get_if<ovpn::Allow>(&rule.effect);
      if (allow == nullptr) continue;
      const auto block = ovpn::ClientAuthBlock::Compile(allow->config, allowed_raw);
      if (block.ok()) continue;
      for (const ovpn::FieldViolation& violation : block.violations()) {
        errors.push_back(absl::StrCat(rule.PlaceOf(SourceOf(config.rules()), violation.field),
                                      ", instance '", instance.name(), "': ", violation.field, ": ",
                                      violation.description));
      }
    }
  }
  if (!errors.empty()) return absl::InvalidArgumentError(absl::StrJoin(errors, "\n"));
  return rules;
}

void AddReplicas(const policy::StreamPolicy& remote, PolicyStatus& status) {
  for (const policy::ReplicaStatus& replica : remote.Replicas()) {
    status.in_flight += static_cast<uint32_t>(replica.in_flight);
    if (status.last_error.empty()) status.last_error = replica.last_error;
    if (status.revision.empty()) status.revision = replica.revision;
    status.replicas.push_back(
        {replica.address, ToStatus(replica.state), replica.state_change_time,
         static_cast<uint32_t>(replica.in_flight), static_cast<uint32_t>(replica.max_in_flight),
         replica.revision, replica.last_error, replica.circuit != policy::CircuitState::kClosed});
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<PolicyRegistry>> PolicyRegistry::Make(const Environment& environment,
                                                                     const BrokerConfig& config) {
  std::unique_ptr<PolicyRegistry> registry(
      new PolicyRegistry(environment.sessions.journal().epoch()));
  for (const PolicyConfig& policy : config.policies()) {
    RETURN_IF_ERROR(registry->Add(environment, policy, config));
  }
  return registry;
}

absl::Status PolicyRegistry::Add(const Environment& environment, const PolicyConfig& config,
                                 const BrokerConfig& broker) {
  Unit unit;
  unit.name = config.name();
  if (config.has_rules()) {
    unit.rules_source = SourceOf(config.rules());
    ASSIGN_OR_RETURN(std::shared_ptr<const policy::RuleSet> rules,
                     LoadCheckedRules(config, broker));
    unit.rules = std::make_shared<policy::RulesPolicy>(unit.name, std::move(rules));
  } else {
    ASSIGN_OR_RETURN(unit.remote, policy::StreamPolicy::Create(
                                      environment.loop, environment.clock, environment.logger,
                                      MakeOptions(config, broker, environment.sessions)));
  }
  units_.push_back(std::move(unit));
  return absl::OkStatus();
}

std::shared_ptr<policy::Policy> PolicyRegistry::Find(absl::string_view name) const {
  const auto found = std::find_if(units_.begin(), units_.end(),
                                  [name](const Unit& unit) { return unit.name == name; });
  if (found == units_.end()) return nullptr;
  if (found->rules != nullptr) return found->rules;
  return found->remote;
}

absl::Status PolicyRegistry::ReloadRules(const BrokerConfig& config) {
  struct Parsed {
    Unit* unit;
    std::shared_ptr<const policy::RuleSet> rules;
    std::string source;
  };
  std::vector<Parsed> parsed;
  std::vector<std::string> errors;  // of all policies
  for (const PolicyConfig& policy : config.policies()) {
    const auto unit = std::find_if(units_.begin(), units_.end(), [&policy](const Unit& candidate) {
      return candidate.name == policy.name() && candidate.rules != nullptr;
    });
    if (unit == units_.end() || !policy.has_rules()) continue;
    auto rules = LoadCheckedRules(policy, config);
    if (rules.ok()) {
      parsed.push_back({&*unit, *std::move(rules), SourceOf(policy.rules())});
    } else {
      errors.emplace_back(rules.status().message());
    }
  }
  if (!errors.empty()) return absl::InvalidArgumentError(absl::StrJoin(errors, "\n"));
  for (Parsed& next : parsed) {
    next.unit->rules->Replace(std::move(next.rules));
    next.unit->rules_source = std::move(next.source);
  }
  return absl::OkStatus();
}

void PolicyRegistry::Drain() {
  for (const Unit& unit : units_) {
    if (unit.remote != nullptr) unit.remote->Drain();
  }
}

bool PolicyRegistry::drained() const {
  return std::all_of(units_.begin(), units_.end(), [](const Unit& unit) {
    return unit.remote == nullptr || unit.remote->drained();
  });
}

std::vector<PolicyStatus> PolicyRegistry::Statuses() const {
  std::vector<PolicyStatus> statuses;
  for (const Unit& unit : units_) {
    PolicyStatus status;
    status.name = unit.name;
    status.ready = Find(unit.name)->ready();
    if (unit.rules != nullptr) {
      status.kind = PolicyKind::kRules;
      status.file = unit.rules_source;
      status.revision = unit.rules->rules().revision();
    } else {
      status.kind = PolicyKind::kRemote;
      AddReplicas(*unit.remote, status);
    }
    statuses.push_back(std::move(status));
  }
  return statuses;
}

void PolicyRegistry::VisitRemotes(
    const std::function<void(const policy::StreamPolicy&)>& visit) const {
  for (const Unit& unit : units_) {
    if (unit.remote != nullptr) visit(*unit.remote);
  }
}

std::shared_ptr<const policy::EngineOptions> MakeEngineOptions(
    const config::v1::InstanceConfig& config) {
  auto options = std::make_shared<policy::EngineOptions>();
  options->decision_timeout = ToDuration(config.decision().timeout());
  options->attempt_timeout = ToDuration(config.decision().attempt_timeout());
  options->max_open_decisions = config.decision().max_open();
  if (config.decision().has_max_timeout()) {
    options->max_decision_timeout = ToDuration(config.decision().max_timeout());
  }
  if (config.failure().mode() == config::v1::FAILURE_MODE_ALLOW) {
    options->failure.mode = policy::FailureOptions::Mode::kAllow;
  }
  options->failure.retry_backoff = ToSeconds(config.failure().retry_backoff());
  if (config.failure().has_keep_last()) {
    options->failure.keep_last_max_age = ToDuration(config.failure().keep_last().max_age());
  }
  return options;
}

}  // namespace ovpnbroker::server
