#include "policy/session_ends.h"

#include <utility>

namespace ovpnbroker::policy {

void SessionEnds::Set(const ovpn::Session& session, ovpn::WallTime end_time) {
  const Key key = KeyOf(session);
  ends_[key] = {session.uid, session.create_time, end_time};
  Touch(key);
}

void SessionEnds::Forget(const ovpn::Session& session) {
  const auto found = ends_.find(KeyOf(session));
  // A newer session may have the CID by now.
  if (found == ends_.end() || found->second.uid != session.uid) return;
  Touch(found->first);
  ends_.erase(found);
}

void SessionEnds::Restore(std::vector<SessionEnd> ends, ovpn::WallTime now) {
  for (SessionEnd& end : ends) {
    if (end.end_time + kUnclaimedMemory < now) continue;
    const Key key{std::move(end.instance), end.cid.value};
    ends_[key] = {"", end.create_time, end.end_time};
    Touch(key);
  }
}

std::optional<ovpn::WallTime> SessionEnds::Claim(const ovpn::Session& adopted) {
  const auto found = ends_.find(KeyOf(adopted));
  if (found == ends_.end() || !found->second.uid.empty()) return std::nullopt;
  // OpenVPN counts from the first packet, which came before the CONNECT that was noted.
  if (adopted.create_time > found->second.create_time) return std::nullopt;
  found->second.uid = adopted.uid;
  return found->second.end_time;
}

std::vector<SessionEnd> SessionEnds::All() const {
  std::vector<SessionEnd> all;
  all.reserve(ends_.size());
  for (const auto& [key, noted] : ends_) {
    all.push_back({key.first, ovpn::Cid{key.second}, noted.create_time, noted.end_time});
  }
  return all;
}

std::vector<SessionEndChange> SessionEnds::TakeChanges() {
  std::vector<SessionEndChange> changes;
  changes.reserve(changed_.size());
  for (const Key& key : std::exchange(changed_, {})) {
    SessionEndChange& change =
        changes.emplace_back(SessionEndChange{{key.first, ovpn::Cid{key.second}, {}, {}}});
    const auto found = ends_.find(key);
    change.gone = found == ends_.end();
    if (change.gone) continue;
    change.end.create_time = found->second.create_time;
    change.end.end_time = found->second.end_time;
  }
  return changes;
}

void SessionEnds::Touch(const Key& key) {
  changed_.insert(key);
  ++revision_;
}

}  // namespace ovpnbroker::policy
