#include "policy/live_sessions.h"

#include <utility>

namespace ovpnbroker::policy {

std::string UserOfSession(const ovpn::ClientIdentity& identity) {
  return identity.username.empty() ? identity.common_name : identity.username;
}

std::string LiveSessions::ReplaceKey(const ovpn::Session& session) const {
  const auto by = replace_by_.find(session.client.instance);
  if (by == replace_by_.end()) return "";
  switch (by->second) {
    case ReplaceBy::kCommonName:
      return session.identity->common_name;
    case ReplaceBy::kUsername:
      return session.identity->username;
    case ReplaceBy::kNothing:
      break;
  }
  return "";
}

void LiveSessions::Update(const ovpn::Session& session) {
  using ovpn::SessionState;
  switch (session.state) {
    case SessionState::kPending:
    case SessionState::kPendingAuth:
      return;
    case SessionState::kEnded:
      return Forget(session.uid);
    case SessionState::kEnding:
      return SetEnding(session.uid, true);
    case SessionState::kAuthorized:
    case SessionState::kEstablished:
    case SessionState::kUnjudged:
      break;
  }
  // A new handshake may come with another name.
  Forget(session.uid);
  LiveSession live{session.client, session.create_time, UserOfSession(*session.identity),
                   ReplaceKey(session), false};
  if (!live.user.empty()) by_user_[live.user].insert(session.uid);
  sessions_.emplace(session.uid, std::move(live));
}

void LiveSessions::Forget(const ovpn::SessionUid& uid) {
  const auto node = sessions_.extract(uid);
  if (node.empty() || node.mapped().user.empty()) return;
  const auto own = by_user_.find(node.mapped().user);
  own->second.erase(uid);
  if (own->second.empty()) by_user_.erase(own);
}

void LiveSessions::SetEnding(const ovpn::SessionUid& uid, bool ending) {
  const auto found = sessions_.find(uid);
  if (found != sessions_.end()) found->second.ending = ending;
}

const LiveSession* LiveSessions::Find(const ovpn::SessionUid& uid) const {
  const auto found = sessions_.find(uid);
  return found == sessions_.end() ? nullptr : &found->second;
}

bool LiveSessions::IsReplacedBy(const ovpn::SessionUid& other, const ovpn::Session& session) const {
  const LiveSession* live = Find(other);
  return live != nullptr && other != session.uid && !live->replace_by.empty() &&
         live->client.instance == session.client.instance &&
         live->client.epoch == session.client.epoch && live->replace_by == ReplaceKey(session);
}

std::vector<ovpn::SessionUid> LiveSessions::OfUser(const std::string& user) const {
  const auto found = by_user_.find(user);
  if (found == by_user_.end()) return {};
  return {found->second.begin(), found->second.end()};
}

}  // namespace ovpnbroker::policy
