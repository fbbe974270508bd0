#include "policy/session_ends.h"

namespace ovpnbroker::policy {

void SessionEnds::Set(const ovpn::Session& session, ovpn::WallTime end_time) {
  ends_[KeyOf(session)] = {session.uid, session.create_time, end_time};
  ++revision_;
}

void SessionEnds::Forget(const ovpn::Session& session) {
  const auto found = ends_.find(KeyOf(session));
  // A newer session may have the CID by now.
  if (found == ends_.end() || found->second.uid != session.uid) return;
  ends_.erase(found);
  ++revision_;
}

void SessionEnds::Restore(std::vector<SessionEnd> ends, ovpn::WallTime now) {
  for (SessionEnd& end : ends) {
    if (end.end_time + kUnclaimedMemory < now) continue;
    ends_[{std::move(end.instance), end.cid.value}] = {"", end.create_time, end.end_time};
  }
  ++revision_;
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

}  // namespace ovpnbroker::policy
