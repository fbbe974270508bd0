#include "policy/decision_table.h"

namespace ovpnbroker::policy {

void DecisionTable::Insert(const EntryPtr& entry) {
  const auto [newest, is_new] = newest_.insert(entry);
  if (!is_new) {
    entry->older = *newest;
    newest_.erase(newest);
    newest_.insert(entry);
  }
  entry->open_index = open_.size();
  open_.push_back(entry);
  // Stays where it is, and stays for good: there are as many as instances.
  entry->open_of_instance = &open_by_instance_[entry->key.client.instance];
  ++*entry->open_of_instance;
}

DecisionTable::EntryPtr DecisionTable::FindByKey(const ovpn::KeyRef& key) const {
  EntryPtr entry = FindByClient(key.client);
  while (entry != nullptr && entry->key.kid != key.kid) entry = entry->older;
  return entry;
}

DecisionTable::EntryPtr DecisionTable::FindByClient(const ovpn::ClientRef& client) const {
  const auto newest = newest_.find(client);
  return newest == newest_.end() ? nullptr : *newest;
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
  // The last one takes its place.
  open_.back()->open_index = entry->open_index;
  std::swap(open_[entry->open_index], open_.back());
  open_.pop_back();
  --*entry->open_of_instance;
}

DecisionTable::EntryPtr DecisionTable::TakeDue(ovpn::SteadyTime now) {
  if (due_.empty() || due_.begin()->first > now) return nullptr;
  DecisionEntry* const entry = due_.begin()->second;
  Unschedule(*entry);
  return open_[entry->open_index];
}

DecisionTable::EntryPtr DecisionTable::TakeForgotten(ovpn::SteadyTime now, size_t max_count) {
  if (remembered_.empty()) return nullptr;
  if (remembered_.front().first > now && remembered_.size() <= max_count) return nullptr;
  EntryPtr entry = std::move(remembered_.front().second);
  remembered_.pop_front();
  // It is the oldest of its client, and perhaps the only one.
  const auto newest = newest_.find(entry->key.client);
  if (*newest == entry) {
    newest_.erase(newest);
  } else {
    DecisionEntry* newer = newest->get();
    while (newer->older != entry) newer = newer->older.get();
    newer->older.reset();
  }
  return entry;
}

size_t DecisionTable::open_count(const std::string& instance) const {
  const auto found = open_by_instance_.find(instance);
  return found == open_by_instance_.end() ? 0 : found->second;
}

DecisionTable::EntryPtr DecisionTable::AnyOpen() const {
  return open_.empty() ? nullptr : open_.back();
}

void DecisionTable::Visit(const std::function<void(const DecisionEntry&)>& visit) const {
  for (const EntryPtr& entry : open_) visit(*entry);
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
