// The live sessions of one instance in one epoch: which client is which, whose answer is wanted,
// and which CIDs are over. Pure bookkeeping: it sends nothing and knows no clock. Owned by
// Instance; loop thread only.
//
// What makes a ghost elsewhere and cannot here: ESTABLISHED after DISCONNECT (`disable`), a second
// CONNECT for the same CID with a new KID, ESTABLISHED without any CONNECT (auth-gen-token bypass),
// a DISCONNECT that was never sent because the tunnel run ended.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/container/node_hash_map.h"
#include "absl/strings/string_view.h"
#include "ovpn/base/clock.h"
#include "ovpn/base/ids.h"
#include "ovpn/management/client_auth_block.h"
#include "ovpn/types/client_event.h"
#include "ovpn/types/session.h"

namespace ovpnbroker::ovpn {

// One live session with what the answer to its open question needs.
struct SessionEntry {
  Session session;
  Kid last_kid;                    // the newest key negotiation seen
  std::optional<Kid> pending_kid;  // its answer is wanted and none was taken yet
  bool pending_reauth = false;     // the question of pending_kid is a REAUTH
  SteadyTime pending_since;        // when the question of pending_kid came
  bool awaits_response =
      false;  // the client of pending_kid was asked something: CR_RESPONSE counts
  std::optional<Kid> allowed_kid;  // our allow of a CONNECT; without it ESTABLISHED is an intrusion
  // Addresses that the block asks for and those that ADDRESS told, in OpenVPN's spelling, iroutes
  // too.
  std::vector<IntendedAddress> wanted_addresses;
  std::vector<IntendedAddress> learned_addresses;
};

class SessionTable {
 public:
  // ESTABLISHED follows a too early DISCONNECT at once, so a short memory of closed CIDs is enough.
  static constexpr size_t kClosedCidsRemembered = 4096;

  enum class Connect {
    kNew,          // a client not seen before
    kRehandshake,  // a known client with a newer KID, CONNECT or REAUTH
    kImpossible,   // a CID that is over, or a KID that is not newer: OpenVPN has begun to count
                   // again
  };
  struct ConnectResult {
    Connect kind;
    SessionEntry* entry;            // null when kImpossible; valid until the session is closed
    std::optional<Kid> superseded;  // the older question of the same client, void now
  };
  // `client` names the epoch and CID; `new_uid` is used only for a new client.
  ConnectResult OnConnect(const ClientRef& client, const ClientConnect& event,
                          const SessionUid& new_uid, WallTime now);

  // A client that is in already and that no verdict of this broker stands behind. `client.cid` has
  // no live session.
  SessionEntry& Adopt(const ClientRef& client, const SessionUid& new_uid, WallTime now);

  enum class Established {
    kExpected,        // follows an allow; the session is ESTABLISHED now
    kAfterClose,      // the session ended before (`disable`, failure at connect stage)
    kWithoutVerdict,  // nobody allowed this client
  };
  Established OnEstablished(Cid cid, WallTime now);

  // Records one ADDRESS line; unknown CIDs are ignored.
  void OnAddress(const ClientAddress& event);
  void OnByteCount(Cid cid, uint64_t received, uint64_t sent);

  // Ends one session and forgets it but for its CID. nullopt when the CID has no live session.
  std::optional<SessionEntry> Close(Cid cid, absl::string_view reason, WallTime now);
  // Ends all sessions and forgets the closed CIDs as well: the numbers start over. In order of uid.
  std::vector<SessionEntry> CloseAll(absl::string_view reason, WallTime now);

  // Pointers stay valid until the session is closed.
  SessionEntry* Find(Cid cid);
  const SessionEntry* Find(Cid cid) const;
  SessionEntry* FindByUid(const SessionUid& uid);
  const SessionEntry* FindByUid(const SessionUid& uid) const;

  // Calls `visit` for sessions with uid > `after` in order of uid until it returns false.
  void Visit(const SessionUid& after, const std::function<bool(const SessionEntry&)>& visit) const;

  // Moves a session of this table to another live state. All changes of states go through here:
  // they are counted along.
  void SetState(SessionEntry& entry, SessionState state);

  size_t size() const { return by_cid_.size(); }
  // Live sessions by SessionState.
  using StateCounts = std::array<size_t, kSessionStateCount>;
  const StateCounts& CountByState() const { return counts_; }
  // Link bytes of all sessions, ended ones included, since the table was made.
  uint64_t total_received_bytes() const { return total_received_bytes_; }
  uint64_t total_sent_bytes() const { return total_sent_bytes_; }

 private:
  size_t& CountOf(SessionState state) { return counts_[static_cast<size_t>(state)]; }
  void RememberClosed(Cid cid);

  absl::node_hash_map<Cid, SessionEntry> by_cid_;
  absl::btree_map<SessionUid, Cid> by_uid_;  // ordered, so that pages survive churn
  std::deque<Cid> closed_order_;
  absl::flat_hash_set<Cid> closed_;
  StateCounts counts_ = {};
  uint64_t total_received_bytes_ = 0;
  uint64_t total_sent_bytes_ = 0;
};

}  // namespace ovpnbroker::ovpn
