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

// How long a policy that a reload has changed may take to be READY, while its old streams decide.
constexpr std::chrono::seconds kSwapPatience{5};

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
      return ReplicaState::kDraining;
    case policy::ReplicaState::kClosed:
      return ReplicaState::kDrained;
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

// What a remote policy is made from; another one means other streams.
std::string Fingerprint(const PolicyConfig& config, const policy::StreamPolicyOptions& options) {
  std::vector<std::string> instances(options.instances.begin(), options.instances.end());
  std::sort(instances.begin(), instances.end());
  return absl::StrCat(config.SerializeAsString(), "|", absl::StrJoin(instances, ","), "|",
                      options.decision_timeout.count(), "|",
                      options.max_decision_timeout.value_or(ovpn::Duration::zero()).count(), "|",
                      options.mode == policy::StreamMode::kShadow ? "shadow" : "enforce", "|",
                      options.allow_raw_directives ? "raw" : "");
}

}  // namespace

absl::StatusOr<std::unique_ptr<PolicyRegistry>> PolicyRegistry::Make(const Environment& environment,
                                                                     const BrokerConfig& config) {
  std::unique_ptr<PolicyRegistry> registry(new PolicyRegistry(environment));
  ASSIGN_OR_RETURN(const std::shared_ptr<Staged> staged, registry->Stage(config, /*dial=*/true));
  registry->Commit(*staged);
  return registry;
}

const PolicyRegistry::Unit* PolicyRegistry::FindUnit(absl::string_view name) const {
  const auto found = std::find_if(units_.begin(), units_.end(),
                                  [name](const Unit& unit) { return unit.name == name; });
  return found == units_.end() ? nullptr : &*found;
}

const std::shared_ptr<policy::StreamPolicy>& PolicyRegistry::Serving(const Unit& unit) const {
  if (unit.next == nullptr) return unit.remote;
  const bool take_over =
      unit.next->ready() || !unit.remote->ready() || environment_.clock.Now() >= unit.next_at;
  return take_over ? unit.next : unit.remote;
}

std::shared_ptr<policy::Policy> PolicyRegistry::Find(absl::string_view name) const {
  const Unit* const unit = FindUnit(name);
  if (unit == nullptr) return nullptr;
  if (unit->rules != nullptr) return unit->rules;
  return Serving(*unit);
}

absl::StatusOr<std::shared_ptr<PolicyRegistry::Staged>> PolicyRegistry::Stage(
    const BrokerConfig& config, bool dial) const {
  auto staged = std::make_shared<Staged>();
  std::vector<std::string> errors;  // of all policies
  for (const PolicyConfig& policy : config.policies()) {
    const Unit* existing = FindUnit(policy.name());
    if (existing != nullptr && (existing->rules != nullptr) != policy.has_rules()) {
      existing = nullptr;
    }
    if (!policy.has_rules()) {
      const absl::Status status = StageRemote(policy, config, existing, dial, *staged);
      if (!status.ok()) errors.emplace_back(status.message());
      continue;
    }
    auto rules = LoadCheckedRules(policy, config);
    if (!rules.ok()) {
      errors.emplace_back(rules.status().message());
      continue;
    }
    Staged::Entry entry;
    if (existing != nullptr) {
      entry.unit = *existing;
      const std::string& before = existing->rules->rules().revision();
      if (before != (*rules)->revision()) {
        staged->revisions.push_back({policy.name(), before, (*rules)->revision()});
      }
    } else {
      entry.unit.name = policy.name();
      entry.unit.rules = std::make_shared<policy::RulesPolicy>(policy.name(), *rules);
    }
    entry.unit.rules_source = SourceOf(policy.rules());
    entry.rules = *std::move(rules);
    staged->entries.push_back(std::move(entry));
  }
  if (!errors.empty()) return absl::InvalidArgumentError(absl::StrJoin(errors, "\n"));
  return staged;
}

absl::Status PolicyRegistry::StageRemote(const PolicyConfig& config, const BrokerConfig& broker,
                                         const Unit* existing, bool dial, Staged& staged) const {
  policy::StreamPolicyOptions options = MakeOptions(config, broker, environment_.sessions);
  Staged::Entry entry;
  if (existing != nullptr) entry.unit = *existing;
  entry.unit.name = config.name();
  entry.at_once = options.mode == policy::StreamMode::kShadow;
  const std::string fingerprint = Fingerprint(config, options);
  if (dial && entry.unit.fingerprint != fingerprint) {
    ASSIGN_OR_RETURN(entry.replacement,
                     policy::StreamPolicy::Create(environment_.loop, environment_.clock,
                                                  environment_.logger, std::move(options)));
  }
  entry.unit.fingerprint = fingerprint;
  staged.entries.push_back(std::move(entry));
  return absl::OkStatus();
}

void PolicyRegistry::Commit(Staged& staged) {
  std::vector<Unit> before = std::exchange(units_, {});
  for (Staged::Entry& entry : staged.entries) {
    Unit& unit = entry.unit;
    // What `before` still has in the end is not needed any more.
    const auto old = std::find_if(before.begin(), before.end(), [&unit](const Unit& candidate) {
      return candidate.remote != nullptr && candidate.remote == unit.remote;
    });
    if (old != before.end()) *old = {};
    if (entry.rules != nullptr) unit.rules->Replace(std::move(entry.rules));
    if (entry.replacement != nullptr) {
      if (unit.next != nullptr) Retire(std::exchange(unit.next, nullptr));
      if (unit.remote != nullptr && unit.remote->ready() && !entry.at_once) {
        unit.next = std::move(entry.replacement);
        unit.next_at = environment_.clock.Now() + kSwapPatience;
      } else {
        if (unit.remote != nullptr) Retire(std::move(unit.remote));
        unit.remote = std::move(entry.replacement);
      }
    }
    units_.push_back(std::move(unit));
  }
  for (Unit& unit : before) {
    if (unit.remote != nullptr) Retire(std::move(unit.remote));
    if (unit.next != nullptr) Retire(std::move(unit.next));
  }
}

void PolicyRegistry::Retire(std::shared_ptr<policy::StreamPolicy> policy) {
  policy->Drain();
  retired_.push_back(std::move(policy));
}

void PolicyRegistry::Tick() {
  for (Unit& unit : units_) {
    if (unit.next == nullptr || Serving(unit) != unit.next) continue;
    environment_.logger.Info("POLICY_REPLACED",
                             "a policy that a reload has changed decides over its new streams",
                             {{"policy", unit.name}, {"ready", unit.next->ready() ? "yes" : "no"}});
    Retire(std::exchange(unit.remote, std::move(unit.next)));
    unit.next = nullptr;
  }
  std::erase_if(retired_, [](const auto& policy) { return policy->drained(); });
}

absl::StatusOr<policy::StreamPolicy*> PolicyRegistry::FindRemote(const std::string& name) const {
  const Unit* const unit = FindUnit(name);
  if (unit == nullptr) return absl::NotFoundError(absl::StrCat("no policy is called ", name));
  if (unit->rules != nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat(name, " is the embedded rules, which have no replicas"));
  }
  return Serving(*unit).get();
}

absl::Status PolicyRegistry::DrainReplica(const std::string& policy, const std::string& address,
                                          bool force) {
  ASSIGN_OR_RETURN(policy::StreamPolicy* const remote, FindRemote(policy));
  const std::vector<policy::ReplicaStatus> replicas = remote->Replicas();
  const bool other_ready =
      std::any_of(replicas.begin(), replicas.end(), [&address](const policy::ReplicaStatus& other) {
        return other.address != address && other.state == policy::ReplicaState::kReady;
      });
  const bool known = std::any_of(
      replicas.begin(), replicas.end(),
      [&address](const policy::ReplicaStatus& other) { return other.address == address; });
  if (known && !other_ready && !force) {
    return absl::FailedPreconditionError(
        "no other replica is READY, so that clients would be denied; force it if that is meant");
  }
  return remote->DrainReplica(address);
}

absl::Status PolicyRegistry::ResumeReplica(const std::string& policy, const std::string& address) {
  ASSIGN_OR_RETURN(policy::StreamPolicy* const remote, FindRemote(policy));
  return remote->ResumeReplica(address);
}

void PolicyRegistry::NoteLatency(absl::string_view policy, ovpn::Duration latency) {
  const Unit* const unit = FindUnit(policy);
  if (unit != nullptr) unit->latency->Add(latency, environment_.clock.Now());
}

void PolicyRegistry::Drain() {
  for (const Unit& unit : units_) {
    if (unit.remote != nullptr) unit.remote->Drain();
    if (unit.next != nullptr) unit.next->Drain();
  }
}

bool PolicyRegistry::drained() const {
  const auto is_drained = [](const std::shared_ptr<policy::StreamPolicy>& policy) {
    return policy == nullptr || policy->drained();
  };
  return std::all_of(units_.begin(), units_.end(),
                     [&is_drained](const Unit& unit) {
                       return is_drained(unit.remote) && is_drained(unit.next);
                     }) &&
         std::all_of(retired_.begin(), retired_.end(), is_drained);
}

std::vector<PolicyStatus> PolicyRegistry::Statuses() const {
  std::vector<PolicyStatus> statuses;
  for (const Unit& unit : units_) {
    PolicyStatus status;
    status.name = unit.name;
    status.latency = unit.latency->Summarize(environment_.clock.Now());
    status.ready = Find(unit.name)->ready();
    if (unit.rules != nullptr) {
      status.kind = PolicyKind::kRules;
      status.file = unit.rules_source;
      status.revision = unit.rules->rules().revision();
    } else {
      status.kind = PolicyKind::kRemote;
      AddReplicas(*unit.remote, status);
      if (unit.next != nullptr) AddReplicas(*unit.next, status);
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
