#include "server/metrics/metric_catalogue.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace ovpnbroker::server {
namespace {

constexpr absl::string_view kPageHead =
    R"(# Metrics

<!-- Written by docs/reference/metrics.sh from server/metrics/metric_catalogue.cc; edit the texts there. -->

`metrics: { address: 127.0.0.1:9755 }` in the configuration opens an HTTP listener:

| Page | Answers |
|---|---|
| `/metrics` | the metrics below, in Prometheus' text format; also while the loop is stuck, then as they were (`ovpnbroker_loop_responsive` is 0) |
| `/healthz` | 200 while the process and its loop are alive, 503 when the loop does not answer within a second |
| `/readyz` | 200 when new clients get a verdict on every instance: each runs, is not drained and its policy is ready, and the broker does not stop; 503 with one line for each thing that is missing |

Alert rules, a Grafana dashboard and a scrape configuration are in `deploy/monitoring/`.

No label holds anything that a client chooses: no user names, no addresses of clients. `ovpn_instance`, `policy` and `pool` are names of the
configuration, `replica` is an address of it; `name` is a notification's name as OpenVPN sent it, at most 32 of them and `other`; all
other labels have the few values that the table lists. Counters start at 0 with the broker.

| Metric | Type | Labels | Meaning |
|---|---|---|---|
)";

absl::string_view ToString(MetricType type) {
  switch (type) {
    case MetricType::kCounter:
      return "counter";
    case MetricType::kGauge:
      return "gauge";
    case MetricType::kHistogram:
      return "histogram";
  }
  return "";
}

const std::vector<MetricSpec>& Specs() {
  using enum Metric;
  using enum MetricType;
  static const auto& specs = *new std::vector<MetricSpec>{
      {kBuildInfo, "ovpnbroker_build_info", kGauge, {"version"}, "1, with the broker's version."},
      {kStartTime,
       "ovpnbroker_start_time_seconds",
       kGauge,
       {},
       "When the broker started, in seconds since 1970."},
      {kDraining,
       "ovpnbroker_draining",
       kGauge,
       {},
       "1 while the broker stops and takes nothing new."},
      {kLoopResponsive,
       "ovpnbroker_loop_responsive",
       kGauge,
       {},
       "1 when the loop answered this scrape within a second; 0: all other values are old."},
      {kSnapshotAge,
       "ovpnbroker_snapshot_age_seconds",
       kGauge,
       {},
       "How long ago the values of this scrape were taken."},
      {kInstanceState,
       "ovpnbroker_instance_state",
       kGauge,
       {"ovpn_instance", "state"},
       "1 for the state that the instance is in, 0 for the others: stopped, starting, holding, "
       "running, stopping, backoff, failed, detached."},
      {kInstanceStateChange,
       "ovpnbroker_instance_state_change_time_seconds",
       kGauge,
       {"ovpn_instance"},
       "When the instance came into its state, in seconds since 1970."},
      {kInstanceRestarts,
       "ovpnbroker_instance_restarts_total",
       kCounter,
       {"ovpn_instance"},
       "Times that a child which had ended, or did not start, was to be started again."},
      {kManagementConnected,
       "ovpnbroker_management_connected",
       kGauge,
       {"ovpn_instance"},
       "1 while the management connection is up; without it nobody new gets in."},
      {kManagementConnects,
       "ovpnbroker_management_connects_total",
       kCounter,
       {"ovpn_instance"},
       "Times that the management connection came up."},
      {kManagementLosses,
       "ovpnbroker_management_losses_total",
       kCounter,
       {"ovpn_instance"},
       "Times that the management connection was lost while it was wanted."},
      {kUnknownNotifications,
       "ovpnbroker_unknown_notifications_total",
       kCounter,
       {"ovpn_instance", "name"},
       "Notifications of OpenVPN that this broker does not know."},
      {kSessions,
       "ovpnbroker_sessions",
       kGauge,
       {"ovpn_instance", "state"},
       "Sessions by state: pending, pending_auth, authorized, established, ending, unjudged."},
      {kSessionChanges,
       "ovpnbroker_session_changes_total",
       kCounter,
       {"ovpn_instance", "change"},
       "Changes of sessions: asked, step_put, authorized, established, address_learned, "
       "reauthenticated, ending, ended, adopted."},
      {kClientBytes,
       "ovpnbroker_client_bytes_total",
       kCounter,
       {"ovpn_instance", "direction"},
       "Bytes of all clients as OpenVPN counts them on the link: received (from clients), sent. As "
       "fresh as bytecount_interval."},
      {kKills,
       "ovpnbroker_kills_total",
       kCounter,
       {"ovpn_instance"},
       "Sessions that OpenVPN was told to end, and took it; by operators, policies, limits and the "
       "broker's own checks."},
      {kDecisions,
       "ovpnbroker_decisions_total",
       kCounter,
       {"ovpn_instance", "policy", "outcome", "cause"},
       "Decisions that are over. outcome is what the client got: allowed, denied, withdrawn (it "
       "left first). cause is why: verdict (the policy said so), banned (denied before any policy "
       "was asked; policy is empty), admission (limits, pools), abstained, policy_failed, timeout, "
       "unavailable, overloaded, invalid_verdict, shutdown, withdrawn."},
      {kDecisionsOpen,
       "ovpnbroker_decisions_open",
       kGauge,
       {},
       "Decisions that wait for a verdict or for the client's further step."},
      {kDecisionSeconds,
       "ovpnbroker_decision_seconds",
       kHistogram,
       {"ovpn_instance", "stage"},
       "Time of one stage: ask (the policy was asked to its reply, without waiting for clients), "
       "decide (question to answer, decisions without further steps), write (answer to OpenVPN's "
       "confirmation), establish (confirmation to working tunnel)."},
      {kAnswers,
       "ovpnbroker_answers_total",
       kCounter,
       {"ovpn_instance", "result"},
       "What OpenVPN made of answers: written (it took a deny or a renegotiation's allow), "
       "verified "
       "(the tunnel is up as asked), mismatched (other addresses than asked), not_enforced (it "
       "refused, or the client was gone), unconfirmed (nothing followed in time)."},
      {kUnjudgedAdmissions,
       "ovpnbroker_unjudged_admissions_total",
       kCounter,
       {"ovpn_instance", "basis"},
       "Clients let in without a verdict, because the configuration says so: failure_mode, "
       "kept_last."},
      {kRetries,
       "ovpnbroker_decision_retries_total",
       kCounter,
       {},
       "Times that a policy was asked again about the same decision."},
      {kLateVerdicts,
       "ovpnbroker_late_verdicts_total",
       kCounter,
       {},
       "Verdicts for decisions that were over; they admit nobody."},
      {kSteps,
       "ovpnbroker_decision_steps_total",
       kCounter,
       {},
       "Further steps (questions, web pages) that were put to clients."},
      {kPolicyReady,
       "ovpnbroker_policy_ready",
       kGauge,
       {"policy"},
       "1 while the policy can be asked."},
      {kPolicyInFlight,
       "ovpnbroker_policy_in_flight",
       kGauge,
       {"policy"},
       "Decisions that the policy's replicas are being asked about."},
      {kPolicyQueued,
       "ovpnbroker_policy_queued",
       kGauge,
       {"policy"},
       "Decisions that wait for a replica with room."},
      {kReplicaState,
       "ovpnbroker_replica_state",
       kGauge,
       {"policy", "replica", "state"},
       "1 for the state that the replica's stream is in, 0 for the others: backoff, connecting, "
       "handshaking, ready, draining."},
      {kReplicaInFlight,
       "ovpnbroker_replica_in_flight",
       kGauge,
       {"policy", "replica"},
       "Decisions that the replica is being asked about."},
      {kReplicaCircuitOpen,
       "ovpnbroker_replica_circuit_open",
       kGauge,
       {"policy", "replica"},
       "1 while others are asked before this replica because it did not answer."},
      {kReplicaEventLag,
       "ovpnbroker_replica_event_lag",
       kGauge,
       {"policy", "replica"},
       "Session events that the replica has not confirmed."},
      {kStreamRequests,
       "ovpnbroker_policy_requests_total",
       kCounter,
       {"policy"},
       "Questions written to streams, retries included."},
      {kStreamVerdicts,
       "ovpnbroker_policy_verdicts_total",
       kCounter,
       {"policy"},
       "Verdicts that came in time, invalid ones included."},
      {kStreamInvalidVerdicts,
       "ovpnbroker_policy_invalid_verdicts_total",
       kCounter,
       {"policy"},
       "Verdicts that could not be read as meant."},
      {kStreamLateVerdicts,
       "ovpnbroker_policy_late_verdicts_total",
       kCounter,
       {"policy"},
       "Verdicts for a decision that was over, unknown or another replica's."},
      {kStreamUnknownMessages,
       "ovpnbroker_policy_unknown_messages_total",
       kCounter,
       {"policy"},
       "Messages that this version of the broker does not know."},
      {kStreamRejectedMessages,
       "ovpnbroker_policy_rejected_messages_total",
       kCounter,
       {"policy"},
       "Messages that need a capability which is not on."},
      {kStreamProtocolErrors,
       "ovpnbroker_policy_protocol_errors_total",
       kCounter,
       {"policy"},
       "Streams ended because the policy broke the order of messages."},
      {kStreamsLost,
       "ovpnbroker_policy_streams_lost_total",
       kCounter,
       {"policy"},
       "Streams that were ready and ended."},
      {kStreamFailedDials,
       "ovpnbroker_policy_failed_dials_total",
       kCounter,
       {"policy"},
       "Streams that never became ready."},
      {kStreamFailedLookups,
       "ovpnbroker_policy_failed_lookups_total",
       kCounter,
       {"policy"},
       "Names of replicas that could not be looked up."},
      {kStreamEvents,
       "ovpnbroker_policy_events_total",
       kCounter,
       {"policy"},
       "Session events given to streams."},
      {kStreamCursorsLost,
       "ovpnbroker_policy_cursors_lost_total",
       kCounter,
       {"policy"},
       "Times that a policy was too far behind and got a snapshot instead of events."},
      {kStreamCommands,
       "ovpnbroker_policy_commands_total",
       kCounter,
       {"policy"},
       "Commands of the policy, refused ones included."},
      {kStreamOverloads,
       "ovpnbroker_policy_overloads_total",
       kCounter,
       {"policy"},
       "Decisions refused because the wait queue was full."},
      {kStreamCircuitsOpened,
       "ovpnbroker_policy_circuits_opened_total",
       kCounter,
       {"policy"},
       "Times that a replica was held back because it did not answer."},
      {kStreamRotations,
       "ovpnbroker_policy_rotations_total",
       kCounter,
       {"policy"},
       "Old streams that a new one has replaced."},
      {kStreamHedges,
       "ovpnbroker_policy_hedges_total",
       kCounter,
       {"policy"},
       "Late decisions asked again while the first replica may still answer."},
      {kStreamHedgesWithheld,
       "ovpnbroker_policy_hedges_withheld_total",
       kCounter,
       {"policy"},
       "Late decisions not asked again because the budget for it was used up."},
      {kShadowComparisons,
       "ovpnbroker_shadow_comparisons_total",
       kCounter,
       {"policy", "result"},
       "Verdicts of shadow policies compared with the ones that count: agreed, differed, failed, "
       "timed_out, dropped."},
      {kPoolAddresses,
       "ovpnbroker_address_pool_addresses",
       kGauge,
       {"pool", "family"},
       "Addresses that the pool can give: ipv4, ipv6."},
      {kPoolLeases,
       "ovpnbroker_address_pool_leases",
       kGauge,
       {"pool"},
       "Leases that are remembered, held or not."},
      {kPoolLeasesHeld,
       "ovpnbroker_address_pool_leases_held",
       kGauge,
       {"pool"},
       "Leases that live sessions have."},
      {kPoolGiven,
       "ovpnbroker_address_pool_given_total",
       kCounter,
       {"pool"},
       "Times that addresses were given."},
      {kPoolExhausted,
       "ovpnbroker_address_pool_exhausted_total",
       kCounter,
       {"pool"},
       "Clients denied because no address was free."},
      {kPoolEvicted,
       "ovpnbroker_address_pool_evicted_total",
       kCounter,
       {"pool"},
       "Leases taken from their users for somebody else."},
      {kBans,
       "ovpnbroker_bans",
       kGauge,
       {"kind"},
       "Bans by kind: username, common_name, certificate_serial, real_address (networks too). Whom "
       "they denied is in ovpnbroker_decisions_total, with cause banned."},
      {kBanChanges,
       "ovpnbroker_ban_changes_total",
       kCounter,
       {"change"},
       "Changes of the bans: added, replaced (by one that was added), removed, expired."},
      {kPassthroughTools,
       "ovpnbroker_passthrough_tools",
       kGauge,
       {"ovpn_instance"},
       "Tools that are connected to the instance's pass-through socket."},
      {kPassthroughCommands,
       "ovpnbroker_passthrough_commands_total",
       kCounter,
       {"ovpn_instance", "result"},
       "Commands of tools on the pass-through socket: forwarded (OpenVPN was asked), refused. What "
       "the broker answers itself is not counted."},
      {kPassthroughCut,
       "ovpnbroker_passthrough_tools_cut_total",
       kCounter,
       {"ovpn_instance"},
       "Tools cut off because they did not read what they had asked for."},
      {kPassthroughTurnedAway,
       "ovpnbroker_passthrough_tools_turned_away_total",
       kCounter,
       {"ovpn_instance"},
       "Tools turned away because as many as passthrough.max_clients were there."},
      {kLogLinesDropped,
       "ovpnbroker_log_lines_dropped_total",
       kCounter,
       {},
       "Log lines that were lost because whoever reads the log was too slow."},
      {kAuditFailures,
       "ovpnbroker_audit_write_failures_total",
       kCounter,
       {},
       "Audit records that could not be written to the audit file; they are in the log."},
  };
  return specs;
}

}  // namespace

absl::Span<const MetricSpec> MetricCatalogue() { return Specs(); }

const MetricSpec& SpecOf(Metric metric) { return Specs()[static_cast<size_t>(metric)]; }

std::string MetricsPage() {
  std::string page(kPageHead);
  for (const MetricSpec& spec : Specs()) {
    const std::string labels = absl::StrJoin(
        spec.labels, ", ",
        [](std::string* out, absl::string_view label) { absl::StrAppend(out, "`", label, "`"); });
    absl::StrAppend(&page, "| `", spec.name, "` | ", ToString(spec.type), " | ", labels, " | ",
                    spec.help, " |\n");
  }
  return page;
}

}  // namespace ovpnbroker::server
