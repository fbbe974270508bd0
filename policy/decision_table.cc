#include "policy/decision_table.h"

namespace ovpnbroker::policy {

void DecisionTable::Insert(const EntryPtr& entry) {
  by_key_.insert_or_assign(entry->key, entry);
  by_client_.insert_or_assign(entry->key.client, entry);
  open_.emplace(entry.get(), entry);
  ++open_by_instance_[entry->key.client.instance];
}

DecisionTable::EntryPtr DecisionTable::FindByKey(const ovpn::KeyRef& key) const {
  const auto it = by_key_.find(key);
  return it == by_key_.end() ? nullptr : it->second;
}

DecisionTable::EntryPtr DecisionTable::FindByClient(const ovpn::ClientRef& client) const {
  const auto it = by_client_.find(client);
  return it == by_client_.end() ? nullptr : it->second;
}

void DecisionTable::Schedule(DecisionEntry& entry, ovpn::SteadyTime time) {
  Unschedule(entry);
  entry.wake_time = time;
  due_.emplace(time, &entry);
}

void DecisionTable::Unschedule(DecisionEntry& entry) {
  if (!entry.wake_time.has_value()) return;
  due_.erase({*entry.wake_time, &entry});
  entry.wake_time.reset();
}

void DecisionTable::Retire(const EntryPtr& entry, ovpn::SteadyTime forget_time) {
  Unschedule(*entry);
  remembered_.emplace_back(forget_time, entry);
  open_.erase(entry.get());
  const auto count = open_by_instance_.find(entry->key.client.instance);
  if (--count->second == 0) open_by_instance_.erase(count);
}

DecisionTable::EntryPtr DecisionTable::TakeDue(ovpn::SteadyTime now) {
  if (due_.empty() || due_.begin()->first > now) return nullptr;
  DecisionEntry* const entry = due_.begin()->second;
  Unschedule(*entry);
  return open_.at(entry);
}

DecisionTable::EntryPtr DecisionTable::TakeForgotten(ovpn::SteadyTime now, size_t max_count) {
  if (remembered_.empty()) return nullptr;
  if (remembered_.front().first > now && remembered_.size() <= max_count) return nullptr;
  EntryPtr entry = std::move(remembered_.front().second);
  remembered_.pop_front();
  // A newer decision may have taken over the key or the client.
  if (auto it = by_key_.find(entry->key); it != by_key_.end() && it->second == entry) {
    by_key_.erase(it);
  }
  if (auto it = by_client_.find(entry->key.client); it != by_client_.end() && it->second == entry) {
    by_client_.erase(it);
  }
  return entry;
}

size_t DecisionTable::open_count(const std::string& instance) const {
  const auto found = open_by_instance_.find(instance);
  return found == open_by_instance_.end() ? 0 : found->second;
}

DecisionTable::EntryPtr DecisionTable::AnyOpen() const {
  return open_.empty() ? nullptr : open_.begin()->second;
}

void DecisionTable::Visit(const std::function<void(const DecisionEntry&)>& visit) const {
  for (const auto& [raw, entry] : open_) visit(*entry);
  for (const auto& [forget_time, entry] : remembered_) visit(*entry);
}

std::optional<ovpn::SteadyTime> DecisionTable::NextDeadline() const {
  std::optional<ovpn::SteadyTime> next;
  if (!due_.empty()) next = due_.begin()->first;
  if (!remembered_.empty() && (!next.has_value() || remembered_.front().first < *next)) {
    next = remembered_.front().first;
  }
  return next;
}

}  // namespace ovpnbroker::policy
