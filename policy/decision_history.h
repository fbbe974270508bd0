// The last decisions, for operators who ask why: bounded by count, and by session, so that one
// client that comes back all the time does not push out everybody else's story. Owned by the
// broker; loop thread only.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>

#include "absl/container/flat_hash_map.h"
#include "absl/container/inlined_vector.h"
#include "absl/strings/string_view.h"
#include "policy/decision_record.h"

namespace ovpnbroker::policy {

struct HistoryLimits {
  size_t max_records = 4096;
  size_t max_records_per_session = 16;
};

class DecisionHistory final : public DecisionObserver {
 public:
  explicit DecisionHistory(HistoryLimits limits = {}) : limits_(limits) {}

  void OnDecisionRecord(const DecisionRecord& record) override;

  // Calls `visit` for each record, the newest first, until it returns false. `before`: only records
  // with a smaller number; 0: all. Numbers count up from 1 and are never reused.
  void Visit(uint64_t before,
             const std::function<bool(uint64_t number, const DecisionRecord&)>& visit) const;
  // Null when it is not (or no longer) there.
  const DecisionRecord* Find(absl::string_view id) const;

  size_t size() const { return records_.size(); }

 private:
  void Drop(std::map<uint64_t, DecisionRecord>::iterator record);

  const HistoryLimits limits_;
  uint64_t last_number_ = 0;
  std::map<uint64_t, DecisionRecord> records_;
  absl::flat_hash_map<ovpn::DecisionId, uint64_t> by_id_;
  // Oldest first. Most sessions have one decision or two.
  absl::flat_hash_map<ovpn::SessionUid, absl::InlinedVector<uint64_t, 2>> by_session_;
};

}  // namespace ovpnbroker::policy
