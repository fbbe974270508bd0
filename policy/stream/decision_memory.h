// Which replica answered which decision, for a bounded number of decisions: outcomes go back there
// and a REAUTH prefers it. The oldest is forgotten first. Loop thread only.
#pragma once

#include <cstddef>
#include <deque>

#include "absl/container/flat_hash_map.h"
#include "ovpn/base/ids.h"

namespace ovpnbroker::policy {

class Replica;

class DecisionMemory {
 public:
  explicit DecisionMemory(size_t capacity) : capacity_(capacity) {}

  void Remember(const ovpn::DecisionId& decision_id, Replica& replica) {
    if (!replicas_.insert_or_assign(decision_id, &replica).second) return;
    order_.push_back(decision_id);
    if (order_.size() <= capacity_) return;
    replicas_.erase(order_.front());
    order_.pop_front();
  }

  // Null when unknown or forgotten.
  Replica* Find(const ovpn::DecisionId& decision_id) const {
    const auto found = replicas_.find(decision_id);
    return found == replicas_.end() ? nullptr : found->second;
  }

 private:
  const size_t capacity_;
  absl::flat_hash_map<ovpn::DecisionId, Replica*> replicas_;
  std::deque<ovpn::DecisionId> order_;
};

}  // namespace ovpnbroker::policy
