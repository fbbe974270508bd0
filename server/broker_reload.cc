// Broker: taking over another configuration. Everything that can fail is done first; then nothing
// fails any more, and the new configuration is in force as a whole.
#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "ovpn/base/status_macros.h"
#include "ovpn/process/config_age.h"
#include "ovpn/process/process_table.h"
#include "server/admin_options.h"
#include "server/broker.h"
#include "server/config/address_pools.h"
#include "server/health/service_names.h"
#include "server/instance_factory.h"
#include "server/proto_log_level.h"

namespace ovpnbroker::server {
namespace {

using config::v1::BrokerConfig;
using config::v1::InstanceConfig;

constexpr absl::string_view kInstances = "instances[*]";
constexpr absl::string_view kPools = "address_pools[*]";

// No process of it runs.
bool IsStopped(const ovpn::InstanceSet& instances, const std::string& name) {
  const ovpn::Instance* const instance = instances.Find(name);
  if (instance == nullptr) return true;
  const ovpn::Instance::Snapshot snapshot = instance->snapshot();
  return snapshot.pid == 0 && (snapshot.state == ovpn::InstanceState::kStopped ||
                               snapshot.state == ovpn::InstanceState::kFailed);
}

ReloadChange ContentsChange(const PolicyRegistry::Staged::Revision& revision) {
  ReloadChange change;
  change.field = {absl::StrCat("policies[", revision.policy, "].rules"), "policies[*].rules",
                  revision.policy, absl::StrCat("contents ", revision.before),
                  absl::StrCat("contents ", revision.after)};
  change.effect = ReloadEffect::kLive;
  return change;
}

void LogReload(ovpn::Logger& logger, const ReloadReport& report) {
  if (report.result == ReloadReport::Result::kApplied) {
    for (const ReloadChange& change : report.changes) {
      logger.Info("CONFIG_CHANGED", "a field has another value now",
                  {{"field", change.field.path},
                   {"old", change.field.old_value},
                   {"new", change.field.new_value}});
    }
    for (const Finding& finding : report.findings) {
      logger.Warning("CONFIG_WARNING", "something in the files may not be as it is meant",
                     {{"warning", finding.ToString()}});
    }
    return logger.Info("CONFIG_RELOADED", "the configuration is that of the files now",
                       {{"changes", report.changes.size()}});
  }
  std::vector<std::string> errors = report.errors;
  if (HasErrors(report.findings)) errors.push_back(FormatFindings(report.findings));
  for (const ReloadChange& change : report.changes) {
    if (change.refused) errors.push_back(absl::StrCat(change.field.path, ": ", WhyRefused(change)));
  }
  logger.Error("CONFIG_NOT_RELOADED", "the configuration is not taken over; nothing was changed",
               {{"errors", absl::StrJoin(errors, "\n")}});
}

}  // namespace

ReloadReport Broker::Reload(bool validate_only) {
  ReloadReport report = TryReload(validate_only);
  if (!validate_only) LogReload(logger_, report);
  return report;
}

ReloadReport Broker::TryReload(bool validate_only) {
  using Result = ReloadReport::Result;
  if (draining_) return {.result = Result::kStopping};
  LoadedConfig loaded = LoadConfig(config_path_);
  ReloadReport report{.findings = loaded.findings};
  report.result = Result::kInvalid;
  if (!loaded.ok()) return report;
  for (Finding& finding : FindOutdatedProcesses()) report.findings.push_back(std::move(finding));

  report.changes = PlanReload(config_, loaded.config, [this](const std::string& instance) {
    return IsStopped(instances_, instance);
  });
  const bool refused = std::any_of(report.changes.begin(), report.changes.end(),
                                   [](const ReloadChange& change) { return change.refused; });
  const bool apply = !validate_only && !refused;
  const auto policies = policies_->Stage(loaded.config, /*dial=*/apply);
  if (!policies.ok()) {
    report.errors.emplace_back(policies.status().message());
    return report;
  }
  for (const auto& revision : (*policies)->revisions) {
    report.changes.push_back(ContentsChange(revision));
  }
  if (!apply) {
    report.result = validate_only ? Result::kChecked : Result::kRefused;
    return report;
  }
  absl::StatusOr<MadeInstances> made = MakeChangedInstances(loaded.config, report.changes);
  if (!made.ok()) {
    report.errors.emplace_back(made.status().message());
    return report;
  }
  // The last that can fail, because it may set a broken file aside.
  absl::StatusOr<std::unique_ptr<LeaseKeeper>> leases = ReadLeases(loaded.config);
  if (!leases.ok()) {
    report.errors.emplace_back(leases.status().message());
    return report;
  }
  Apply(loaded.config, report.changes, **policies, *std::move(leases), *std::move(made));
  report.result = Result::kApplied;
  return report;
}

std::vector<Finding> Broker::FindOutdatedProcesses() const {
  const ovpn::ProcessTable processes("/proc");
  std::vector<Finding> findings;
  for (const auto& instance : instances_.all()) {
    const ovpn::InstanceConfig& config = instance->config();
    const pid_t pid = instance->snapshot().pid;
    const std::optional<ovpn::WallTime> start_time =
        pid == 0 ? std::nullopt : processes.StartTimeOf(pid);
    if (!start_time.has_value()) continue;
    for (const std::string& file : ovpn::ConfigFilesWrittenAfter(*start_time, config.openvpn_config,
                                                                 config.working_directory)) {
      findings.push_back(
          {Finding::Severity::kWarning,
           {file},
           absl::StrCat("instances[", config.name, "].config"),
           absl::StrCat("was written after process ", pid,
                        " had read it, and a reload does not touch that; `ovpn-brokerctl "
                        "instances restart ",
                        config.name, "` ends its sessions and brings the file into force")});
    }
  }
  return findings;
}

absl::StatusOr<Broker::MadeInstances> Broker::MakeChangedInstances(
    const BrokerConfig& next, const std::vector<ReloadChange>& changes) {
  MadeInstances made;
  for (const InstanceConfig& instance : next.instances()) {
    const bool anew =
        std::any_of(changes.begin(), changes.end(), [&instance](const ReloadChange& change) {
          const bool added = change.field.pattern == kInstances;
          return change.field.entry == instance.name() &&
                 absl::StartsWith(change.field.pattern, kInstances) &&
                 (added || change.effect == ReloadEffect::kInstanceStop);
        });
    if (!anew) continue;
    ASSIGN_OR_RETURN(made[instance.name()], MakeInstance(instance, next));
  }
  return made;
}

void Broker::Apply(const BrokerConfig& next, const std::vector<ReloadChange>& changes,
                   PolicyRegistry::Staged& policies, std::unique_ptr<LeaseKeeper> leases,
                   MadeInstances made) {
  policies_->Commit(policies);
  ReplacePools(next, changes, std::move(leases));
  std::vector<std::string> added;
  for (const auto& [name, instance] : made) {
    if (instances_.Find(name) == nullptr) added.push_back(name);
  }
  ReplaceInstances(next, std::move(made));
  for (const InstanceConfig& instance : next.instances()) {
    Judge(instance);
    instances_.Find(instance.name())
        ->SetAnswerOptions(instance.prompt_verdict(), ToMismatch(instance.address_mismatch()));
  }
  admin_->SetMaxWatches(next.admin().max_watches());
  roles_->Replace(MakeGrants(next.admin().tcp()));
  decision_records_.Reopen();
  log_level_.SetConfigured(ToLogLevel(next.log().level()));
  config_ = next;
  config_time_ = clock_.WallNow();
  RefreshHealth();
  for (const InstanceConfig& instance : config_.instances()) {
    const bool is_new = std::find(added.begin(), added.end(), instance.name()) != added.end();
    if (is_new && instance.autostart()) instances_.Find(instance.name())->Start();
  }
}

void Broker::ReplacePools(const BrokerConfig& next, const std::vector<ReloadChange>& changes,
                          std::unique_ptr<LeaseKeeper> leases) {
  absl::flat_hash_set<std::string> unchanged;
  for (const auto& pool : next.address_pools()) unchanged.insert(pool.name());
  bool pools_changed = false;
  for (const ReloadChange& change : changes) {
    if (!absl::StartsWith(change.field.pattern, kPools)) continue;
    pools_changed = true;
    unchanged.erase(change.field.entry);
  }
  if (!pools_changed) return;
  admission_.pools().Replace(ReadAddressPools(next, [](const std::string&, const std::string&) {}),
                             unchanged);
  if (leases == nullptr) return lease_keeper_->OnPoolsReplaced();
  lease_keeper_ = std::move(leases);
  lease_keeper_->Keep();
}

void Broker::ReplaceInstances(const BrokerConfig& next, MadeInstances made) {
  std::vector<std::unique_ptr<ovpn::Instance>> all;
  std::vector<ovpn::Instance*> fresh;
  for (const InstanceConfig& config : next.instances()) {
    std::unique_ptr<ovpn::Instance> old = instances_.Take(config.name());
    const auto found = made.find(config.name());
    all.push_back(found == made.end() ? std::move(old) : std::move(found->second));
    if (found != made.end()) fresh.push_back(all.back().get());
  }
  // What is left is in the configuration no more, and has no process.
  while (!instances_.all().empty()) {
    const std::string name = instances_.all().front()->config().name;
    instances_.Take(name);
    judgements_.erase(name);
    shadow_desk_.Assign(name, {});
    instance_desk_.drains().End(name);
    admin_->SetHealth(absl::StrCat(kInstanceHealth, name), false);
  }
  for (auto& instance : all) instances_.Add(std::move(instance));
  // Only now: the socket may have been that of an instance which is gone.
  for (ovpn::Instance* const instance : fresh) {
    const absl::Status opened = instance->OpenPassthrough();
    if (opened.ok()) continue;
    logger_.Error("PASSTHROUGH_NOT_OPENED",
                  "the pass-through socket of a new instance is not there",
                  {{"instance", instance->config().name}, {"status", opened.ToString()}});
  }
}

}  // namespace ovpnbroker::server
