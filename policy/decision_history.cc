#include "policy/decision_history.h"

#include <algorithm>
#include <iterator>
#include <string>

namespace ovpnbroker::policy {

void DecisionHistory::OnDecisionRecord(const DecisionRecord& record) {
  const uint64_t number = ++last_number_;
  records_.emplace_hint(records_.end(), number, record);
  by_id_[record.id] = number;
  auto& of_session = by_session_[record.session_uid];
  of_session.push_back(number);
  if (of_session.size() > limits_.max_records_per_session) {
    Drop(records_.find(of_session.front()));
  }
  while (records_.size() > limits_.max_records) Drop(records_.begin());
}

void DecisionHistory::Drop(std::map<uint64_t, DecisionRecord>::iterator record) {
  const auto id = by_id_.find(record->second.id);
  if (id != by_id_.end() && id->second == record->first) by_id_.erase(id);
  // Of one session the oldest goes first, here as in the whole.
  const auto session = by_session_.find(record->second.session_uid);
  session->second.erase(session->second.begin());
  if (session->second.empty()) by_session_.erase(session);
  records_.erase(record);
}

void DecisionHistory::Visit(
    uint64_t before,
    const std::function<bool(uint64_t number, const DecisionRecord&)>& visit) const {
  auto it = before == 0 ? records_.end() : records_.lower_bound(before);
  while (it != records_.begin()) {
    --it;
    if (!visit(it->first, it->second)) return;
  }
}

const DecisionRecord* DecisionHistory::Find(absl::string_view id) const {
  const auto found = by_id_.find(std::string(id));
  return found == by_id_.end() ? nullptr : &records_.at(found->second);
}

}  // namespace ovpnbroker::policy
