// Every metric that the broker exports: name, type, labels and what it means. The one place that
// names them: MetricBatch takes nothing else, and docs/metrics.md is made from here
// (docs/reference/metrics.sh). Constants; any thread.
//
// Labels hold names of the configuration and words of the code, never anything that clients choose.
// Prometheus has a label `instance` of its own, so ours is `ovpn_instance`.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace ovpnbroker::server {

enum class MetricType { kCounter, kGauge, kHistogram };

// In the order of the catalogue.
enum class Metric {
  kBuildInfo,
  kStartTime,
  kDraining,
  kLoopResponsive,
  kSnapshotAge,
  kInstanceState,
  kInstanceStateChange,
  kInstanceRestarts,
  kManagementConnected,
  kManagementConnects,
  kManagementLosses,
  kUnknownNotifications,
  kSessions,
  kSessionChanges,
  kClientBytes,
  kKills,
  kDecisions,
  kDecisionsOpen,
  kDecisionSeconds,
  kAnswers,
  kUnjudgedAdmissions,
  kRetries,
  kLateVerdicts,
  kSteps,
  kPolicyReady,
  kPolicyInFlight,
  kPolicyQueued,
  kReplicaState,
  kReplicaInFlight,
  kReplicaCircuitOpen,
  kReplicaEventLag,
  kStreamRequests,
  kStreamVerdicts,
  kStreamInvalidVerdicts,
  kStreamLateVerdicts,
  kStreamUnknownMessages,
  kStreamRejectedMessages,
  kStreamProtocolErrors,
  kStreamsLost,
  kStreamFailedDials,
  kStreamFailedLookups,
  kStreamEvents,
  kStreamCursorsLost,
  kStreamCommands,
  kStreamOverloads,
  kStreamCircuitsOpened,
  kStreamRotations,
  kStreamHedges,
  kStreamHedgesWithheld,
  kShadowComparisons,
  kPoolAddresses,
  kPoolLeases,
  kPoolLeasesHeld,
  kPoolGiven,
  kPoolExhausted,
  kPoolEvicted,
  kBans,
  kBanChanges,
  kPassthroughTools,
  kPassthroughCommands,
  kPassthroughCut,
  kPassthroughTurnedAway,
  kLogLinesDropped,
  kAuditFailures,
};

struct MetricSpec {
  Metric metric;
  absl::string_view name;
  MetricType type;
  std::vector<absl::string_view> labels;
  absl::string_view help;  // one sentence or two, plain text
};

absl::Span<const MetricSpec> MetricCatalogue();
const MetricSpec& SpecOf(Metric metric);

// The catalogue as the page docs/metrics.md.
std::string MetricsPage();

}  // namespace ovpnbroker::server
