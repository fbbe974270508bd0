// Broker: what monitoring is told, taken on the loop once a scrape. Nothing here changes anything.
#include <algorithm>
#include <chrono>
#include <map>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "server/broker.h"
#include "server/metrics/metric_batch.h"

namespace ovpnbroker::server {
namespace {

using ovpn::InstanceState;
using ovpn::SessionState;
using policy::StreamCounters;

constexpr InstanceState kInstanceStates[] = {
    InstanceState::kStopped, InstanceState::kStarting, InstanceState::kHolding,
    InstanceState::kRunning, InstanceState::kStopping, InstanceState::kBackoff,
    InstanceState::kFailed,  InstanceState::kDetached,
};
// ENDED sessions are in no table.
constexpr SessionState kSessionStates[] = {
    SessionState::kPending,     SessionState::kPendingAuth, SessionState::kAuthorized,
    SessionState::kEstablished, SessionState::kEnding,      SessionState::kUnjudged,
};
constexpr policy::ReplicaState kReplicaStates[] = {
    policy::ReplicaState::kBackoff,     policy::ReplicaState::kConnecting,
    policy::ReplicaState::kHandshaking, policy::ReplicaState::kReady,
    policy::ReplicaState::kDraining,
};
constexpr std::pair<Metric, uint64_t StreamCounters::*> kStreamCounters[] = {
    {Metric::kStreamRequests, &StreamCounters::requests},
    {Metric::kStreamVerdicts, &StreamCounters::verdicts},
    {Metric::kStreamInvalidVerdicts, &StreamCounters::invalid_verdicts},
    {Metric::kStreamLateVerdicts, &StreamCounters::late_verdicts},
    {Metric::kStreamUnknownMessages, &StreamCounters::unknown_messages},
    {Metric::kStreamRejectedMessages, &StreamCounters::rejected_messages},
    {Metric::kStreamProtocolErrors, &StreamCounters::protocol_errors},
    {Metric::kStreamsLost, &StreamCounters::streams_lost},
    {Metric::kStreamFailedDials, &StreamCounters::failed_dials},
    {Metric::kStreamFailedLookups, &StreamCounters::failed_lookups},
    {Metric::kStreamEvents, &StreamCounters::events},
    {Metric::kStreamCursorsLost, &StreamCounters::cursors_lost},
    {Metric::kStreamCommands, &StreamCounters::commands},
    {Metric::kStreamOverloads, &StreamCounters::overloads},
    {Metric::kStreamCircuitsOpened, &StreamCounters::circuits_opened},
    {Metric::kStreamRotations, &StreamCounters::rotations},
    {Metric::kStreamHedges, &StreamCounters::hedges},
    {Metric::kStreamHedgesWithheld, &StreamCounters::hedges_withheld},
};

template <typename Enum>
std::string LabelOf(Enum value) {
  return absl::AsciiStrToLower(ToString(value));
}

double UnixSeconds(ovpn::WallTime time) {
  return std::chrono::duration<double>(time.time_since_epoch()).count();
}

double OneIf(bool condition) { return condition ? 1 : 0; }

void FillReplicas(absl::string_view policy, const std::vector<policy::ReplicaStatus>& replicas,
                  MetricBatch& batch) {
  // An address has two streams while a new one replaces an old one.
  std::map<std::string, std::vector<const policy::ReplicaStatus*>> by_address;
  for (const policy::ReplicaStatus& replica : replicas)
    by_address[replica.address].push_back(&replica);
  for (const auto& [address, streams] : by_address) {
    size_t in_flight = 0;
    int64_t lag = 0;
    bool circuit_open = false;
    for (const policy::ReplicaStatus* stream : streams) {
      in_flight += stream->in_flight;
      lag += stream->event_lag;
      circuit_open = circuit_open || stream->circuit != policy::CircuitState::kClosed;
    }
    for (const policy::ReplicaState state : kReplicaStates) {
      const bool in_state = std::any_of(streams.begin(), streams.end(),
                                        [state](const auto* s) { return s->state == state; });
      batch.Set(Metric::kReplicaState, {policy, address, LabelOf(state)}, OneIf(in_state));
    }
    batch.Set(Metric::kReplicaInFlight, {policy, address}, static_cast<double>(in_flight));
    batch.Set(Metric::kReplicaCircuitOpen, {policy, address}, OneIf(circuit_open));
    batch.Set(Metric::kReplicaEventLag, {policy, address}, static_cast<double>(lag));
  }
}

void FillPassthrough(const ovpn::Instance& instance, MetricBatch& batch) {
  const ovpn::Passthrough* const passthrough = instance.passthrough();
  if (passthrough == nullptr) return;
  const std::string& name = instance.config().name;
  const ovpn::PassthroughCounters& counters = passthrough->counters();
  batch.Set(Metric::kPassthroughTools, {name}, static_cast<double>(passthrough->size()));
  batch.Set(Metric::kPassthroughCommands, {name, "forwarded"}, counters.forwarded);
  batch.Set(Metric::kPassthroughCommands, {name, "refused"}, counters.refused);
  batch.Set(Metric::kPassthroughCut, {name}, counters.cut);
  batch.Set(Metric::kPassthroughTurnedAway, {name}, counters.turned_away);
}

}  // namespace

MetricsSnapshot Broker::CollectMetrics() const {
  MetricBatch batch;
  batch.Set(Metric::kBuildInfo, {OVPNBROKER_VERSION}, 1.0);
  batch.Set(Metric::kStartTime, {}, UnixSeconds(start_time_));
  batch.Set(Metric::kDraining, {}, OneIf(draining_));
  FillInstances(batch);
  decision_metrics_.Fill(batch);
  const policy::EngineStats engine = engine_.Stats();
  batch.Set(Metric::kDecisionsOpen, {}, engine.open);
  batch.Set(Metric::kRetries, {}, engine.retries);
  batch.Set(Metric::kLateVerdicts, {}, engine.late_replies);
  batch.Set(Metric::kSteps, {}, engine.steps);
  FillPolicies(batch);
  FillPools(batch);
  FillBans(batch);
  batch.Set(Metric::kLogLinesDropped, {}, dropped_log_lines_());
  batch.Set(Metric::kAuditFailures, {}, audit_->write_failures());
  return {std::move(batch).Take(), WhyNotReady()};
}

void Broker::FillInstances(MetricBatch& batch) const {
  for (const auto& instance : instances_.all()) {
    const std::string& name = instance->config().name;
    const ovpn::Instance::Snapshot snapshot = instance->snapshot();
    for (const InstanceState state : kInstanceStates) {
      batch.Set(Metric::kInstanceState, {name, LabelOf(state)}, OneIf(snapshot.state == state));
    }
    batch.Set(Metric::kInstanceStateChange, {name}, UnixSeconds(snapshot.state_change_time));
    batch.Set(Metric::kInstanceRestarts, {name}, snapshot.restarts);
    batch.Set(Metric::kManagementConnected, {name}, OneIf(snapshot.management_ready));
    batch.Set(Metric::kManagementConnects, {name}, snapshot.management_connects);
    batch.Set(Metric::kManagementLosses, {name}, snapshot.management_losses);
    const ovpn::UnknownNotifications& unknown = instance->unknown_notifications();
    for (const auto& [notification, entry] : unknown.entries()) {
      batch.Set(Metric::kUnknownNotifications, {name, notification}, entry.count);
    }
    batch.Set(Metric::kUnknownNotifications, {name, "other"}, unknown.other_count());
    const ovpn::SessionTable& table = instance->sessions().table();
    const auto& counts = table.CountByState();
    for (const SessionState state : kSessionStates) {
      batch.Set(Metric::kSessions, {name, LabelOf(state)},
                static_cast<double>(counts[static_cast<size_t>(state)]));
    }
    batch.Set(Metric::kClientBytes, {name, "received"}, table.total_received_bytes());
    batch.Set(Metric::kClientBytes, {name, "sent"}, table.total_sent_bytes());
    batch.Set(Metric::kKills, {name}, instance->sessions().kills());
    FillPassthrough(*instance, batch);
  }
}

void Broker::FillPolicies(MetricBatch& batch) const {
  for (const PolicyStatus& policy : policies_->Statuses()) {
    batch.Set(Metric::kPolicyReady, {policy.name}, OneIf(policy.ready));
  }
  policies_->VisitRemotes([&batch](const policy::StreamPolicy& remote) {
    const std::vector<policy::ReplicaStatus> replicas = remote.Replicas();
    size_t in_flight = 0;
    for (const policy::ReplicaStatus& replica : replicas) in_flight += replica.in_flight;
    batch.Set(Metric::kPolicyInFlight, {remote.name()}, static_cast<double>(in_flight));
    batch.Set(Metric::kPolicyQueued, {remote.name()}, static_cast<double>(remote.queued()));
    for (const auto& [metric, counter] : kStreamCounters) {
      batch.Set(metric, {remote.name()}, remote.counters().*counter);
    }
    FillReplicas(remote.name(), replicas, batch);
  });
  for (const policy::ShadowSummary& shadow : shadow_desk_.Summaries()) {
    batch.Set(Metric::kShadowComparisons, {shadow.policy, "agreed"}, shadow.agreed);
    batch.Set(Metric::kShadowComparisons, {shadow.policy, "differed"}, shadow.differed);
    batch.Set(Metric::kShadowComparisons, {shadow.policy, "failed"}, shadow.failed);
    batch.Set(Metric::kShadowComparisons, {shadow.policy, "timed_out"}, shadow.timed_out);
    batch.Set(Metric::kShadowComparisons, {shadow.policy, "dropped"}, shadow.dropped);
  }
}

void Broker::FillPools(MetricBatch& batch) const {
  for (const auto& pool : admission_.pools().all()) {
    const policy::AddressPoolStats stats = pool->Stats();
    batch.Set(Metric::kPoolAddresses, {stats.name, "ipv4"}, static_cast<double>(stats.ipv4_size));
    batch.Set(Metric::kPoolAddresses, {stats.name, "ipv6"}, static_cast<double>(stats.ipv6_size));
    batch.Set(Metric::kPoolLeases, {stats.name}, stats.leases);
    batch.Set(Metric::kPoolLeasesHeld, {stats.name}, stats.held);
    batch.Set(Metric::kPoolGiven, {stats.name}, stats.given);
    batch.Set(Metric::kPoolExhausted, {stats.name}, stats.exhausted);
    batch.Set(Metric::kPoolEvicted, {stats.name}, stats.evicted);
  }
}

void Broker::FillBans(MetricBatch& batch) const {
  for (const policy::BanKind kind : policy::kBanKinds) {
    batch.Set(Metric::kBans, {LabelOf(kind)}, static_cast<double>(bans_.size(kind)));
  }
  const BanCounts& counts = ban_keeper_.counts();
  batch.Set(Metric::kBanChanges, {"added"}, counts.added);
  batch.Set(Metric::kBanChanges, {"replaced"}, counts.replaced);
  batch.Set(Metric::kBanChanges, {"removed"}, counts.removed);
  batch.Set(Metric::kBanChanges, {"expired"}, counts.expired);
}

// One line for each thing without which new clients get no verdict.
std::vector<std::string> Broker::WhyNotReady() const {
  std::vector<std::string> reasons;
  if (draining_) reasons.emplace_back("the broker stops");
  for (const config::v1::InstanceConfig& config : config_.instances()) {
    const ovpn::Instance::Snapshot snapshot = instances_.Find(config.name())->snapshot();
    const InstanceState state = snapshot.state;
    // What is started by hand only and was not is not missing.
    if (!config.autostart() && state == InstanceState::kStopped) continue;
    if (state != InstanceState::kRunning) {
      reasons.push_back(absl::StrCat("instance ", config.name(), " is ", ToString(state),
                                     snapshot.detail.empty() ? "" : ": ", snapshot.detail));
    } else if (!snapshot.management_ready) {
      reasons.push_back(absl::StrCat("instance ", config.name(), " has no management connection"));
    }
    if (instance_desk_.drains().Find(config.name()).has_value()) {
      reasons.push_back(absl::StrCat("instance ", config.name(), " is drained"));
    }
    const policy::Policy& judge = *JudgeOf(config.name());
    if (!judge.ready()) {
      reasons.push_back(absl::StrCat("policy ", judge.name(), " of instance ", config.name(),
                                     " cannot be asked"));
    }
  }
  return reasons;
}

}  // namespace ovpnbroker::server
