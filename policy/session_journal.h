// What happened to sessions and instances in this run of the broker: a ring of changes with dense
// sequence numbers, from which any number of readers go on at their own pace. A reader keeps the
// number of the last entry that it has seen; when the ring has moved past it, the reader learns so
// and takes stock of the live sessions instead. Read by the policy stream's session events and by
// the admin API's watches. Owned by the broker; loop thread only.
//
// An entry holds the one session that changed; nothing else is copied, however many sessions live.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <variant>

#include "absl/container/flat_hash_map.h"
#include "ovpn/base/clock.h"
#include "ovpn/types/instance_state.h"
#include "ovpn/types/session.h"

namespace ovpnbroker::policy {

struct SessionRecord {
  ovpn::SessionChange change;
  ovpn::Session session;  // after the change
};

struct InstanceRecord {
  std::string instance;
  ovpn::InstanceState state;
  std::string detail;
};

struct JournalEntry {
  int64_t sequence = 0;
  ovpn::WallTime time;
  std::variant<SessionRecord, InstanceRecord> what;

  const std::string& instance() const;
};

class SessionJournal {
 public:
  // A connect and its disconnect make four entries or so; an entry is under 2 KiB.
  static constexpr size_t kDefaultCapacity = 16384;

  // Stops its callback when it goes. It must not outlive the journal.
  class Subscription {
   public:
    Subscription() = default;
    Subscription(Subscription&& other) noexcept
        : journal_(std::exchange(other.journal_, nullptr)), id_(other.id_) {}
    Subscription& operator=(Subscription&& other) noexcept;
    ~Subscription() { Cancel(); }
    void Cancel();

   private:
    friend class SessionJournal;
    Subscription(SessionJournal& journal, uint64_t id) : journal_(&journal), id_(id) {}
    SessionJournal* journal_ = nullptr;
    uint64_t id_ = 0;
  };

  // `epoch` is a random name of this run, without which a sequence number means nothing.
  SessionJournal(std::string epoch, const ovpn::Clock& clock, size_t capacity = kDefaultCapacity)
      : epoch_(std::move(epoch)), clock_(clock), capacity_(capacity) {}
  SessionJournal(const SessionJournal&) = delete;
  SessionJournal& operator=(const SessionJournal&) = delete;

  void Append(SessionRecord entry) { Add(std::move(entry)); }
  void Append(InstanceRecord entry) { Add(std::move(entry)); }

  const std::string& epoch() const { return epoch_; }
  // The newest entry's number; entries count from 1. 0: none yet.
  int64_t last_sequence() const { return last_sequence_; }
  // The oldest entry's number; last_sequence() + 1 when there is none.
  int64_t first_sequence() const {
    return last_sequence_ - static_cast<int64_t>(entries_.size()) + 1;
  }
  // Whether a reader that has seen `sequence` can go on without a gap. False for numbers that were
  // never given.
  bool Holds(int64_t sequence) const {
    return sequence >= first_sequence() - 1 && sequence <= last_sequence_;
  }
  // The entry behind `sequence`; null when there is none yet, or not any more (see Holds). Valid
  // until the next Append.
  const JournalEntry* After(int64_t sequence) const;

  // The instance of a session that ended, as long as the ring holds its end; null otherwise.
  const std::string* InstanceOfEnded(const ovpn::SessionUid& uid) const;

  // `on_append` is called after each Append; it must not append, and is expected to do no more than
  // to plan its reading.
  [[nodiscard]] Subscription Subscribe(std::function<void()> on_append);

 private:
  void Add(std::variant<SessionRecord, InstanceRecord> what);

  const std::string epoch_;
  const ovpn::Clock& clock_;
  const size_t capacity_;
  std::deque<JournalEntry> entries_;
  absl::flat_hash_map<ovpn::SessionUid, int64_t> ended_;  // the sequence of a session's end
  int64_t last_sequence_ = 0;
  std::map<uint64_t, std::function<void()>> subscribers_;
  uint64_t last_subscriber_ = 0;
};

}  // namespace ovpnbroker::policy
