// Which address answered which decision, for a bounded number of decisions: outcomes go back there
// and a REAUTH prefers it. The oldest is forgotten first. Loop thread only.
#pragma once

#include <cstddef>
#include <deque>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "ovpn/base/ids.h"

namespace ovpnbroker::policy {

class DecisionMemory {
 public:
  explicit DecisionMemory(size_t capacity) : capacity_(capacity) {}

  void Remember(const ovpn::DecisionId& decision_id, const std::string& address) {
    if (!addresses_.insert_or_assign(decision_id, address).second) return;
    order_.push_back(decision_id);
    if (order_.size() <= capacity_) return;
    addresses_.erase(order_.front());
    order_.pop_front();
  }

  // Empty when unknown or forgotten.
  absl::string_view Find(const ovpn::DecisionId& decision_id) const {
    const auto found = addresses_.find(decision_id);
    return found == addresses_.end() ? absl::string_view() : found->second;
  }

 private:
  const size_t capacity_;
  absl::flat_hash_map<ovpn::DecisionId, std::string> addresses_;
  std::deque<ovpn::DecisionId> order_;
};

}  // namespace ovpnbroker::policy
