#include "ovpn/instance/session_table.h"

#include <algorithm>
#include <utility>

namespace ovpnbroker::ovpn {

SessionTable::ConnectResult SessionTable::OnConnect(const ClientRef& client,
                                                    const ClientConnect& event,
                                                    const SessionUid& new_uid, WallTime now) {
  if (closed_.contains(event.cid)) return {Connect::kImpossible, nullptr, std::nullopt};

  const auto [found, is_new] = by_cid_.try_emplace(event.cid);
  SessionEntry& entry = found->second;
  if (!is_new && event.kid <= entry.last_kid) return {Connect::kImpossible, nullptr, std::nullopt};

  const std::optional<Kid> superseded = std::exchange(entry.pending_kid, event.kid);
  entry.pending_reauth = event.reauth;
  entry.awaits_response = false;
  entry.last_kid = event.kid;
  if (is_new) {
    ++CountOf(entry.session.state);
    entry.session.uid = new_uid;
    entry.session.client = client;
    entry.session.create_time = now;
    // A renegotiation of a client we never judged: it is in already, whoever let it in.
    if (event.reauth) {
      SetState(entry, SessionState::kUnjudged);
      entry.session.identity = ClientIdentity::FromEnvironment(event.environment);
    }
    by_uid_.emplace(new_uid, event.cid);
  }
  // A renegotiation keeps what the session is; a new handshake before ESTABLISHED starts its
  // judgement over.
  if (!event.reauth) {
    SetState(entry, SessionState::kPending);
    entry.session.identity = ClientIdentity::FromEnvironment(event.environment);
    entry.allowed_kid.reset();
    entry.wanted_addresses.clear();
    entry.learned_addresses.clear();
    entry.session.virtual_addresses.clear();
  }
  return {is_new ? Connect::kNew : Connect::kRehandshake, &entry, superseded};
}

SessionEntry& SessionTable::Adopt(const ClientRef& client, const SessionUid& new_uid,
                                  WallTime now) {
  SessionEntry& entry = by_cid_[client.cid];
  entry.session.uid = new_uid;
  entry.session.client = client;
  ++CountOf(entry.session.state);
  SetState(entry, SessionState::kUnjudged);
  entry.session.create_time = now;
  by_uid_.emplace(new_uid, client.cid);
  return entry;
}

SessionTable::Established SessionTable::OnEstablished(Cid cid, WallTime now) {
  if (closed_.contains(cid)) return Established::kAfterClose;
  SessionEntry* entry = Find(cid);
  if (entry == nullptr || !entry->allowed_kid.has_value()) return Established::kWithoutVerdict;
  // A kill that is under way stays visible as ENDING.
  if (entry->session.state != SessionState::kEnding) SetState(*entry, SessionState::kEstablished);
  entry->session.establish_time = now;
  return Established::kExpected;
}

void SessionTable::OnAddress(const ClientAddress& event) {
  SessionEntry* entry = Find(event.cid);
  if (entry == nullptr) return;
  entry->learned_addresses.push_back({event.address, event.primary});
  if (event.primary) entry->session.virtual_addresses.push_back(event.address);
}

void SessionTable::OnByteCount(Cid cid, uint64_t received, uint64_t sent) {
  SessionEntry* entry = Find(cid);
  if (entry == nullptr) return;
  Session& session = entry->session;
  // OpenVPN counts up; a count that went down adds nothing.
  total_received_bytes_ += received - std::min(received, session.received_bytes);
  total_sent_bytes_ += sent - std::min(sent, session.sent_bytes);
  session.received_bytes = received;
  session.sent_bytes = sent;
}

void SessionTable::SetState(SessionEntry& entry, SessionState state) {
  --CountOf(entry.session.state);
  ++CountOf(state);
  entry.session.state = state;
}

std::optional<SessionEntry> SessionTable::Close(Cid cid, absl::string_view reason, WallTime now) {
  auto node = by_cid_.extract(cid);
  if (node.empty()) return std::nullopt;
  SessionEntry entry = std::move(node.mapped());
  by_uid_.erase(entry.session.uid);
  RememberClosed(cid);
  --CountOf(entry.session.state);
  entry.session.state = SessionState::kEnded;
  entry.session.end_time = now;
  if (entry.session.end_reason.empty()) entry.session.end_reason = std::string(reason);
  return entry;
}

std::vector<SessionEntry> SessionTable::CloseAll(absl::string_view reason, WallTime now) {
  std::vector<Cid> cids;
  cids.reserve(by_uid_.size());
  for (const auto& [uid, cid] : by_uid_) cids.push_back(cid);
  std::vector<SessionEntry> ended;
  ended.reserve(cids.size());
  for (const Cid cid : cids) ended.push_back(*Close(cid, reason, now));
  closed_.clear();
  closed_order_.clear();
  return ended;
}

SessionEntry* SessionTable::Find(Cid cid) {
  const auto found = by_cid_.find(cid);
  return found == by_cid_.end() ? nullptr : &found->second;
}

const SessionEntry* SessionTable::Find(Cid cid) const {
  const auto found = by_cid_.find(cid);
  return found == by_cid_.end() ? nullptr : &found->second;
}

SessionEntry* SessionTable::FindByUid(const SessionUid& uid) {
  const auto found = by_uid_.find(uid);
  return found == by_uid_.end() ? nullptr : Find(found->second);
}

const SessionEntry* SessionTable::FindByUid(const SessionUid& uid) const {
  const auto found = by_uid_.find(uid);
  return found == by_uid_.end() ? nullptr : &by_cid_.at(found->second);
}

void SessionTable::Visit(const SessionUid& after,
                         const std::function<bool(const SessionEntry&)>& visit) const {
  for (auto next = by_uid_.upper_bound(after); next != by_uid_.end(); ++next) {
    if (!visit(by_cid_.at(next->second))) return;
  }
}

void SessionTable::RememberClosed(Cid cid) {
  if (!closed_.insert(cid).second) return;
  closed_order_.push_back(cid);
  if (closed_order_.size() > kClosedCidsRemembered) {
    closed_.erase(closed_order_.front());
    closed_order_.pop_front();
  }
}

}  // namespace ovpnbroker::ovpn
