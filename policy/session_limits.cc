#include "policy/session_limits.h"

#include <utility>

namespace ovpnbroker::policy {

SessionLimits::Room SessionLimits::Check(const ovpn::Session& session,
                                         const ovpn::SessionLimits& limits,
                                         const LiveSessions& live) {
  Room room;
  if (limits.max_sessions == 0) return room;
  std::vector<ovpn::SessionUid> others;  // the oldest first
  for (const ovpn::SessionUid& uid : live.OfUser(UserOfSession(*session.identity))) {
    const bool counts =
        uid != session.uid && !live.Find(uid)->ending && !live.IsReplacedBy(uid, session);
    if (counts) others.push_back(uid);
  }
  if (others.size() < limits.max_sessions) return room;
  if (limits.excess == ovpn::SessionLimits::Excess::kDenyNew) {
    room.allowed = false;
    return room;
  }
  others.resize(others.size() + 1 - limits.max_sessions);
  room.to_end = std::move(others);
  return room;
}

void SessionLimits::SetEnd(const ovpn::SessionUid& uid, ovpn::SteadyTime end, std::string reason) {
  Forget(uid);
  ends_.emplace(uid, end);
  by_end_.emplace(std::pair(end, uid), std::move(reason));
}

void SessionLimits::Forget(const ovpn::SessionUid& uid) {
  const auto found = ends_.find(uid);
  if (found == ends_.end()) return;
  by_end_.erase({found->second, uid});
  ends_.erase(found);
}

std::optional<ovpn::SteadyTime> SessionLimits::NextDeadline() const {
  if (by_end_.empty()) return std::nullopt;
  return by_end_.begin()->first.first;
}

std::optional<SessionLimits::Due> SessionLimits::TakeDue(ovpn::SteadyTime now) {
  if (by_end_.empty() || by_end_.begin()->first.first > now) return std::nullopt;
  Due due{by_end_.begin()->first.second, by_end_.begin()->second};
  Forget(due.uid);
  return due;
}

}  // namespace ovpnbroker::policy
