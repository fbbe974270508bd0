// Limits that OpenVPN does not know: how many sessions a user has, and how long one may last. Only
// tells what is due; Admission ends sessions. After a restart of the broker adopted sessions count
// for max_sessions again, and SessionEnds knows when they end. Owned by Admission; loop thread
// only.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/flat_hash_map.h"
#include "ovpn/base/clock.h"
#include "ovpn/base/ids.h"
#include "ovpn/types/session.h"
#include "ovpn/types/verdict.h"
#include "policy/live_sessions.h"

namespace ovpnbroker::policy {

class SessionLimits {
 public:
  struct Room {
    bool allowed = true;
    std::vector<ovpn::SessionUid> to_end;  // once the new session is in
  };

  // Whether `session` may get in beside its user's other sessions. Sessions that are ending, and
  // those that OpenVPN replaces by this one, take no room.
  static Room Check(const ovpn::Session& session, const ovpn::SessionLimits& limits,
                    const LiveSessions& live);

  struct Due {
    ovpn::SessionUid uid;
    std::string reason;  // for the client and the log
  };

  // Ends it at `end`; instead of any time given before.
  void SetEnd(const ovpn::SessionUid& uid, ovpn::SteadyTime end, std::string reason);
  void Forget(const ovpn::SessionUid& uid);

  std::optional<ovpn::SteadyTime> NextDeadline() const;
  // A session that is over its time, once; nullopt when there is none.
  std::optional<Due> TakeDue(ovpn::SteadyTime now);

 private:
  absl::btree_map<std::pair<ovpn::SteadyTime, ovpn::SessionUid>, std::string> by_end_;
  absl::flat_hash_map<ovpn::SessionUid, ovpn::SteadyTime> ends_;
};

}  // namespace ovpnbroker::policy
