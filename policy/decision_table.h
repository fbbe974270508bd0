// The engine's decisions: the open ones, found by key and by deadline, and the ended ones, kept for
// outcomes and late replies until they are too old or too many. Decides nothing. Owned by the
// engine; loop thread only.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/container/node_hash_map.h"
#include "absl/hash/hash.h"
#include "ovpn/base/clock.h"
#include "ovpn/base/ids.h"
#include "policy/decision.h"
#include "policy/decision_record.h"
#include "policy/policy.h"

namespace ovpnbroker::policy {

// One decision's state. The engine changes it; the table indexes it.
struct DecisionEntry {
  enum class State {
    kOpen,
    kAnswered,  // the answer was given; its outcome may come
    kFinal,     // the record was emitted
  };

  DecisionEntry(Decision&& owned_decision, std::shared_ptr<Policy> asked_policy,
                ovpn::SteadyTime submit)
      : id(owned_decision.id()),
        key(owned_decision.request().key),
        kind(owned_decision.request().kind),
        receive_time(owned_decision.request().receive_time),
        policy(std::move(asked_policy)),
        submit_time(submit),
        deadline(submit + owned_decision.options().decision_timeout),
        keeps_last_allow(owned_decision.options().failure.keep_last_max_age.has_value()),
        decision(std::make_unique<Decision>(std::move(owned_decision))) {}

  // What the record will say; begins anew when it was taken.
  DecisionRecord& record() {
    if (record_ == nullptr) record_ = std::make_unique<DecisionRecord>();
    return *record_;
  }
  // Before it was taken.
  const DecisionRecord& record() const { return *record_; }
  std::unique_ptr<const DecisionRecord> TakeRecord() {
    record();
    return std::move(record_);
  }

  const ovpn::DecisionId id;
  const ovpn::KeyRef key;
  const ovpn::AuthKind kind;             // of the first request: a CONNECT or a REAUTH
  const ovpn::WallTime receive_time;     // of the first request
  const std::shared_ptr<Policy> policy;  // null: nobody to ask
  const ovpn::SteadyTime submit_time;
  ovpn::SteadyTime deadline;
  const bool keeps_last_allow;  // the instance wants keep_last

  // Set while the policy or the record may still want the request.
  std::unique_ptr<Decision> decision;
  State state = State::kOpen;
  int attempts = 0;  // dispatched so far
  // Replies of these attempts count: after a further step only the one that put it.
  int first_valid_attempt = 1;
  int last_valid_attempt = std::numeric_limits<int>::max();
  int attempts_before_round = 0;  // those that asked about earlier answers of the client
  int round = 0;                  // answers of the client to further steps
  int steps = 0;                  // further steps put to the client
  bool awaits_client = false;     // a step was put; nobody is asked until the client has answered
  bool extended = false;          // the policy has been given more time
  int outstanding = 0;            // dispatched, not replied to and not cancelled
  int pins = 0;                   // calls on the stack that look at `decision`
  std::optional<CancelReason> cancel_reason;  // the policy was told that nobody waits any more
  bool verdict_given = false;  // the answer came from the policy, which wants its outcome
  bool answer_allows = false;
  bool denied_at_admission = false;
  bool banned = false;

  // The table's own.
  std::optional<ovpn::SteadyTime> wake_time;  // when the engine wants to look at it next
  size_t open_index = 0;                      // among the open ones
  size_t* open_of_instance = nullptr;         // how many are open of this one's instance
  std::shared_ptr<DecisionEntry> older;       // of the same client, while it is remembered

 private:
  // Like `decision` apart from the entry, which is kept for a while when both have gone.
  std::unique_ptr<DecisionRecord> record_ = std::make_unique<DecisionRecord>();
};

class DecisionTable {
 public:
  using EntryPtr = std::shared_ptr<DecisionEntry>;

  // An open decision; no other of its client may be open. Replaces what was known under the same
  // key.
  void Insert(const EntryPtr& entry);
  // The latest decision of a key or a client, open or remembered; null when unknown.
  EntryPtr FindByKey(const ovpn::KeyRef& key) const;
  EntryPtr FindByClient(const ovpn::ClientRef& client) const;

  // Sets when an open decision is due.
  void Schedule(DecisionEntry& entry, ovpn::SteadyTime time);
  // Moves an open decision to the remembered ones until `forget_time`, which never decreases from
  // call to call.
  void Retire(const EntryPtr& entry, ovpn::SteadyTime forget_time);

  // One open decision that is due; it stays in the table, without a time. Null when there is none.
  EntryPtr TakeDue(ovpn::SteadyTime now);
  // Takes out the oldest remembered decision if it has expired or there are more than `max_count`;
  // null otherwise.
  EntryPtr TakeForgotten(ovpn::SteadyTime now, size_t max_count);
  // Any open decision; null when there is none.
  EntryPtr AnyOpen() const;
  // Every open and every remembered decision, in no order.
  void Visit(const std::function<void(const DecisionEntry&)>& visit) const;
  std::optional<ovpn::SteadyTime> NextDeadline() const;
  size_t open_count() const { return open_.size(); }
  size_t open_count(const std::string& instance) const;
  size_t remembered_count() const { return remembered_.size(); }

 private:
  void Unschedule(DecisionEntry& entry);

  // Entries by their client, which they name themselves.
  struct ClientHash {
    using is_transparent = void;
    size_t operator()(const ovpn::ClientRef& client) const {
      return absl::Hash<ovpn::ClientRef>()(client);
    }
    size_t operator()(const EntryPtr& entry) const { return (*this)(entry->key.client); }
  };
  struct SameClient {
    using is_transparent = void;
    bool operator()(const EntryPtr& a, const EntryPtr& b) const {
      return a->key.client == b->key.client;
    }
    bool operator()(const EntryPtr& entry, const ovpn::ClientRef& client) const {
      return entry->key.client == client;
    }
  };

  std::vector<EntryPtr> open_;  // in no order
  absl::node_hash_map<std::string, size_t> open_by_instance_;
  std::set<std::pair<ovpn::SteadyTime, DecisionEntry*>> due_;
  std::deque<std::pair<ovpn::SteadyTime, EntryPtr>> remembered_;  // oldest first
  // The newest decision of each client. From there it goes back by `older`, in the order in which
  // they retired: a client has one open decision at most.
  absl::flat_hash_set<EntryPtr, ClientHash, SameClient> newest_;
};

}  // namespace ovpnbroker::policy
