#include "policy/session_journal.h"

namespace ovpnbroker::policy {
namespace {

// The session whose end this entry is; null for any other entry.
const ovpn::SessionUid* EndedUid(const JournalEntry& entry) {
  const auto* record = std::get_if<SessionRecord>(&entry.what);
  if (record == nullptr || record->change != ovpn::SessionChange::kEnded) return nullptr;
  return &record->session.uid;
}

}  // namespace

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

const std::string* SessionJournal::InstanceOfEnded(const ovpn::SessionUid& uid) const {
  const auto found = ended_.find(uid);
  return found == ended_.end() ? nullptr : &After(found->second - 1)->instance();
}

SessionJournal::Subscription SessionJournal::Subscribe(std::function<void()> on_append) {
  subscribers_.emplace(++last_subscriber_, std::move(on_append));
  return {*this, last_subscriber_};
}

void SessionJournal::Add(std::variant<SessionRecord, InstanceRecord> what) {
  entries_.push_back({++last_sequence_, clock_.WallNow(), std::move(what)});
  if (const ovpn::SessionUid* uid = EndedUid(entries_.back())) ended_[*uid] = last_sequence_;
  if (entries_.size() > capacity_) {
    if (const ovpn::SessionUid* uid = EndedUid(entries_.front())) ended_.erase(*uid);
    entries_.pop_front();
  }
  // By number: a callback may end a subscription, its own too.
  for (auto next = subscribers_.begin(); next != subscribers_.end();) {
    const uint64_t id = next->first;
    const std::function<void()> notify = next->second;
    notify();
    next = subscribers_.upper_bound(id);
  }
}

}  // namespace ovpnbroker::policy
