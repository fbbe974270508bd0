// Broker: what it tells about itself. Nothing here changes anything.
#include <algorithm>
#include <utility>

#include "server/broker.h"

namespace ovpnbroker::server {
namespace {

using policy::DecisionResult;

// Decision results that are failures, with the cause operators know them by.
constexpr std::pair<DecisionResult, ovpn::FailureCause> kFailures[] = {
    {DecisionResult::kPolicyFailed, ovpn::FailureCause::kPolicyFailed},
    {DecisionResult::kTimedOut, ovpn::FailureCause::kTimeout},
    {DecisionResult::kUnavailable, ovpn::FailureCause::kUnavailable},
    {DecisionResult::kOverloaded, ovpn::FailureCause::kOverloaded},
    {DecisionResult::kInvalidVerdict, ovpn::FailureCause::kInvalidVerdict},
    {DecisionResult::kShutdown, ovpn::FailureCause::kShutdown},
};

DecisionStatistics ToStatistics(const policy::EngineStats& stats) {
  DecisionStatistics statistics;
  statistics.open = static_cast<uint32_t>(stats.open);
  statistics.allowed = stats.Total(DecisionResult::kAllowed);
  statistics.denied = stats.Total(DecisionResult::kDenied);
  statistics.banned = stats.Total(DecisionResult::kBanned);
  statistics.abstained = stats.Total(DecisionResult::kAbstained);
  statistics.withdrawn = stats.Total(DecisionResult::kWithdrawn);
  statistics.failure_admitted = stats.failure_mode_allowed + stats.kept_last;
  statistics.retries = stats.retries;
  statistics.late_verdicts = stats.late_replies;
  for (const auto& [result, cause] : kFailures) {
    if (const uint64_t count = stats.Total(result); count > 0)
      statistics.failures.push_back({cause, count});
  }
  return statistics;
}

}  // namespace

BrokerStatus Broker::GetStatus() const {
  BrokerStatus status;
  status.version = OVPNBROKER_VERSION;
  status.epoch = policies_->broker_epoch();
  status.start_time = start_time_;
  status.config_path = config_path_;
  status.draining = draining_;
  for (const InstanceStatus& instance : ListInstances()) {
    ++status.instances;
    if (instance.state == ovpn::InstanceState::kRunning) ++status.running_instances;
    status.established_sessions += instance.established_sessions;
  }
  for (const auto& instance : instances_.all()) {
    status.sessions += static_cast<uint32_t>(instance->sessions().table().size());
  }
  status.decisions = ToStatistics(engine_.Stats());
  return status;
}

std::vector<InstanceStatus> Broker::ListInstances() const {
  std::vector<InstanceStatus> result;
  for (const auto& instance : instances_.all()) {
    const ovpn::Instance::Snapshot snapshot = instance->snapshot();
    const ovpn::InstanceConfig& config = instance->config();
    InstanceStatus status;
    status.name = config.name;
    status.state = snapshot.state;
    status.detail = snapshot.detail;
    status.state_change_time = snapshot.state_change_time;
    status.pid = snapshot.pid;
    status.epoch = instance->sessions().epoch();
    status.restarts = snapshot.restarts;
    status.openvpn_version = snapshot.openvpn_version;
    status.config_path = config.openvpn_config;
    status.management_endpoint = config.management.ToString();
    status.drain = instance_desk_.drains().Find(config.name);
    status.policy = judgements_.at(config.name).policy;
    const auto& counts = instance->sessions().table().CountByState();
    const auto count = [&counts](ovpn::SessionState state) {
      return static_cast<uint32_t>(counts[static_cast<size_t>(state)]);
    };
    status.pending_sessions = count(ovpn::SessionState::kPending);
    status.established_sessions = count(ovpn::SessionState::kEstablished);
    result.push_back(std::move(status));
  }
  return result;
}

std::vector<PolicyStatus> Broker::ListPolicies() const { return policies_->Statuses(); }

void Broker::VisitSessions(absl::string_view after,
                           const std::function<bool(const ovpn::Session&)>& visit) const {
  // Each table is in order of uid already; the next of all is the smallest head.
  struct Head {
    const ovpn::SessionTable* table;
    const ovpn::Session* session;
  };
  const auto next_of = [](const ovpn::SessionTable& table, const ovpn::SessionUid& uid) {
    const ovpn::Session* next = nullptr;
    table.Visit(uid, [&next](const ovpn::SessionEntry& entry) {
      next = &entry.session;
      return false;
    });
    return next;
  };
  std::vector<Head> heads;
  for (const auto& instance : instances_.all()) {
    const ovpn::SessionTable& table = instance->sessions().table();
    if (const ovpn::Session* session = next_of(table, std::string(after)))
      heads.push_back({&table, session});
  }
  while (!heads.empty()) {
    const auto smallest = std::min_element(
        heads.begin(), heads.end(),
        [](const Head& a, const Head& b) { return a.session->uid < b.session->uid; });
    if (!visit(*smallest->session)) return;
    smallest->session = next_of(*smallest->table, smallest->session->uid);
    if (smallest->session == nullptr) heads.erase(smallest);
  }
}

std::optional<ovpn::Session> Broker::FindSession(const ovpn::SessionUid& uid) const {
  ovpn::Instance* const instance = instances_.FindSession(uid);
  if (instance == nullptr) return std::nullopt;
  return *instance->sessions().FindByUid(uid);
}

}  // namespace ovpnbroker::server
