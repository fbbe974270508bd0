// When sessions are to end by their max_duration, named so that the next broker finds them again:
// an adopted session has a new uid, but still its instance, its CID and the time when it began. A
// restart of a tunnel counts CIDs anew, so what began after the end was noted is another session.
// Owned by Admission; loop thread only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "ovpn/base/clock.h"
#include "ovpn/base/ids.h"
#include "ovpn/types/session.h"

namespace ovpnbroker::policy {

// Of one session.
struct SessionEnd {
  std::string instance;
  ovpn::Cid cid;
  ovpn::WallTime create_time;
  ovpn::WallTime end_time;
};

// What became of one.
struct SessionEndChange {
  SessionEnd end;
  bool gone = false;  // there is none any more; only the place in `end` counts
};

class SessionEnds {
 public:
  // Ends that nobody has asked for are dropped by the first broker that starts so long after them.
  static constexpr std::chrono::hours kUnclaimedMemory{7 * 24};

  void Set(const ovpn::Session& session, ovpn::WallTime end_time);
  // The session is over, or may last for ever.
  void Forget(const ovpn::Session& session);

  // What an earlier broker noted.
  void Restore(std::vector<SessionEnd> ends, ovpn::WallTime now);
  // When an earlier broker's session is to end; once for each.
  std::optional<ovpn::WallTime> Claim(const ovpn::Session& adopted);

  // All, claimed or not, in a fixed order.
  std::vector<SessionEnd> All() const;
  // What is different since the last call, or since there was nothing.
  std::vector<SessionEndChange> TakeChanges();
  // Moves with each change.
  uint64_t revision() const { return revision_; }

 private:
  using Key = std::pair<std::string, uint64_t>;  // instance, CID
  struct Noted {
    ovpn::SessionUid uid;  // empty: an earlier broker's, not claimed
    ovpn::WallTime create_time;
    ovpn::WallTime end_time;
  };

  static Key KeyOf(const ovpn::Session& session) {
    return {session.client.instance, session.client.cid.value};
  }

  void Touch(const Key& key);

  absl::btree_map<Key, Noted> ends_;
  absl::btree_set<Key> changed_;  // for TakeChanges
  uint64_t revision_ = 0;
};

}  // namespace ovpnbroker::policy
