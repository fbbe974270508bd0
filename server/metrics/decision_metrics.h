// Counts what becomes of decisions and sessions, by instance and policy. Adding costs two lookups
// and allocates only for names that are new; all names come from the configuration. Owned by the
// broker; loop thread only.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "absl/container/btree_map.h"
#include "ovpn/types/session.h"
#include "policy/decision_record.h"
#include "policy/engine_stats.h"
#include "server/metrics/metric_batch.h"

namespace ovpnbroker::server {

class DecisionMetrics final : public policy::DecisionObserver {
 public:
  // Its series begin at 0.
  void AddInstance(const std::string& instance) { instances_[instance]; }

  void OnDecisionRecord(const policy::DecisionRecord& record) override;
  void OnSessionChanged(const ovpn::Session& session, ovpn::SessionChange change);

  void Fill(MetricBatch& batch) const;

 private:
  enum class Outcome { kAllowed, kDenied, kWithdrawn };
  static constexpr size_t kOutcomeCount = 3;
  enum class Stage { kAsk, kDecide, kWrite, kEstablish };
  static constexpr size_t kStageCount = 4;
  // DecisionResult, and one more for each basis that overrules a verdict.
  static constexpr size_t kAdmissionCause = policy::kDecisionResultCount;
  static constexpr size_t kCauseCount = kAdmissionCause + 1;
  // OutcomeResult, and one more for answers that nothing followed.
  static constexpr size_t kUnconfirmed =
      static_cast<size_t>(policy::OutcomeResult::kNotEnforced) + 1;
  static constexpr size_t kSessionChangeCount =
      static_cast<size_t>(ovpn::SessionChange::kAdopted) + 1;

  using Counts = std::array<std::array<uint64_t, kCauseCount>, kOutcomeCount>;
  struct InstanceCounts {
    absl::btree_map<std::string, Counts> by_policy;
    std::array<uint64_t, kUnconfirmed + 1> answers = {};
    uint64_t failure_mode = 0;
    uint64_t kept_last = 0;
    std::array<policy::LatencyHistogram, kStageCount> stages;
    std::array<uint64_t, kSessionChangeCount> session_changes = {};
  };

  static Outcome OutcomeOf(const policy::DecisionRecord& record);
  static void AddStages(const policy::DecisionRecord& record, InstanceCounts& counts);

  absl::btree_map<std::string, InstanceCounts> instances_;
};

}  // namespace ovpnbroker::server
