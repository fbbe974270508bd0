#include "policy/session_journal.h"

namespace ovpnbroker::policy {

const std::string& JournalEntry::instance() const {
  const auto* session = std::get_if<SessionRecord>(&what);
  return session != nullptr ? session->session.client.instance
                            : std::get<InstanceRecord>(what).instance;
}

SessionJournal::Subscription& SessionJournal::Subscription::operator=(
    Subscription&& other) noexcept {
  if (this == &other) return *this;
  Cancel();
  journal_ = std::exchange(other.journal_, nullptr);
  id_ = other.id_;
  return *this;
}

void SessionJournal::Subscription::Cancel() {
  if (journal_ != nullptr) journal_->subscribers_.erase(id_);
  journal_ = nullptr;
}

const JournalEntry* SessionJournal::After(int64_t sequence) const {
  if (!Holds(sequence) || sequence == last_sequence_) return nullptr;
  return &entries_[static_cast<size_t>(sequence + 1 - entries_.front().sequence)];
}

SessionJournal::Subscription SessionJournal::Subscribe(std::function<void()> on_append) {
  subscribers_.emplace(++last_subscriber_, std::move(on_append));
  return {*this, last_subscriber_};
}

void SessionJournal::Add(std::variant<SessionRecord, InstanceRecord> what) {
  entries_.push_back({++last_sequence_, clock_.WallNow(), std::move(what)});
  if (entries_.size() > capacity_) entries_.pop_front();
  // By number: a callback may end a subscription, its own too.
  for (auto next = subscribers_.begin(); next != subscribers_.end();) {
    const uint64_t id = next->first;
    const std::function<void()> notify = next->second;
    notify();
    next = subscribers_.upper_bound(id);
  }
}

}  // namespace ovpnbroker::policy
