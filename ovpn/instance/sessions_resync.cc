// Sessions: after the management connection was away, OpenVPN has notified nobody of what happened.
// `status 3` tells what is there now; what it does not tell (the KID of a client that waits) cannot
// be guessed.
#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/match.h"
#include "ovpn/instance/session_log.h"
#include "ovpn/instance/sessions.h"

namespace ovpnbroker::ovpn {
namespace {

// OpenVPN 2.6 prints an IPv6 real address in `status 3` without its port.
bool SameRealAddress(absl::string_view known, absl::string_view row) {
  return known == row || absl::StartsWith(known, absl::StrCat("[", row, "]:"));
}

}  // namespace

void Sessions::Resync(UnknownClients unknown) {
  if (unknown == UnknownClients::kAdopt) adopting_ = true;
  std::vector<Connection::Request> requests;
  requests.push_back(
      {commands::Status3(), [this, asked_in = epoch_](const absl::StatusOr<Reply>& reply) {
         if (asked_in == epoch_) OnStatus(reply);
       }});
  channel_.Send(std::move(requests));
}

void Sessions::OnStatus(const absl::StatusOr<Reply>& reply) {
  if (!reply.ok()) {
    // Lost again. The next comparison finds the clients whose CONNECT was held.
    held_.clear();
    return;
  }
  // On hold there is no tunnel and no status: the >HOLD that follows moves the epoch.
  if (!reply->success) return;
  const absl::StatusOr<StatusReport> report = StatusReport::Parse(reply->lines);
  if (report.ok()) {
    Compare(*report);
  } else {
    logger_.Error("RESYNC_FAILED", "the reply to status 3 could not be read",
                  {{"instance", config_.name}, {"status", report.status().ToString()}});
  }
  EndAdoption();
  if (report.ok()) WriteWaiting();
}

void Sessions::EndAdoption() {
  if (!std::exchange(adopting_, false)) return;
  for (ClientEvent& event : std::exchange(held_, {})) OnEvent(std::move(event));
}

bool Sessions::ConnectIsHeld(Cid cid) const {
  return std::any_of(held_.begin(), held_.end(), [cid](const ClientEvent& event) {
    const auto* connect = std::get_if<ClientConnect>(&event);
    return connect != nullptr && connect->cid == cid;
  });
}

void Sessions::Compare(const StatusReport& report) {
  absl::flat_hash_map<Cid, const StatusReport::Client*> rows;
  for (const StatusReport::Client& row : report.clients) rows.emplace(row.cid, &row);

  // First: is this still the tunnel run that the table is about?
  std::vector<Cid> missing;
  bool renumbered = false;
  table_.Visit("", [&](const SessionEntry& entry) {
    const auto row = rows.find(entry.session.client.cid);
    if (row == rows.end()) {
      missing.push_back(entry.session.client.cid);
    } else if (!SameRealAddress(entry.session.identity->real_address, row->second->real_address)) {
      renumbered = true;
    }
    return !renumbered;
  });
  if (renumbered) {
    BeginEpoch("OpenVPN restarted its tunnel while the management connection was down");
  } else {
    for (const Cid cid : missing)
      CloseSession(cid, "left while the management connection was down");
  }

  for (const StatusReport::Client& row : report.clients) {
    SessionEntry* entry = table_.Find(row.cid);
    if (entry == nullptr) {
      OnUnknownRow(row);
      continue;
    }
    table_.OnByteCount(row.cid, row.received_bytes, row.sent_bytes);
    const bool is_in = !row.virtual_address.empty() || !row.virtual_ipv6_address.empty();
    if (!is_in || entry->session.state != SessionState::kAuthorized) continue;
    // Its ADDRESS and ESTABLISHED were said to nobody. iroutes are not in these rows, so only
    // tunnel addresses count.
    std::erase_if(entry->wanted_addresses,
                  [](const IntendedAddress& address) { return !address.primary; });
    for (const std::string& address : {row.virtual_address, row.virtual_ipv6_address}) {
      if (!address.empty()) table_.OnAddress({row.cid, address, true});
    }
    OnEstablished({row.cid, Environment()});
  }
}

void Sessions::OnUnknownRow(const StatusReport::Client& row) {
  if (!row.virtual_address.empty() || !row.virtual_ipv6_address.empty()) {
    return adopting_ ? Adopt(row) : KillIntruder(row.cid, "status 3");
  }
  // Still in TLS: its CONNECT comes, or OpenVPN gives it up.
  if (!row.common_name.has_value() && !row.username.has_value()) return;
  if (ConnectIsHeld(row.cid)) return;  // its question is put when the comparison is done
  logger_.Info(
      "PENDING_CLIENT_RESTARTED", "a client's CONNECT was missed; it is told to connect again",
      {{"instance", config_.name}, {"cid", row.cid.value}, {"real_address", row.real_address}});
  SendKill(row.cid, KillDisposition::kRestart, "", [](const absl::Status&) {});
}

void Sessions::Adopt(const StatusReport::Client& row) {
  const WallTime since{std::chrono::seconds(row.connected_since)};
  SessionEntry& entry = table_.Adopt({config_.name, epoch_, row.cid}, NewUuid7(since), since);
  entry.session.establish_time = since;
  ClientIdentity identity;
  identity.common_name = row.common_name.value_or("");
  identity.username = row.username.value_or("");
  identity.real_address = row.real_address;
  entry.session.identity = std::move(identity);
  for (const std::string& address : {row.virtual_address, row.virtual_ipv6_address}) {
    if (!address.empty()) table_.OnAddress({row.cid, address, true});
  }
  table_.OnByteCount(row.cid, row.received_bytes, row.sent_bytes);
  logger_.Write(LogLevel::kInfo, "SESSION_ADOPTED", "a client that an earlier broker let in stays",
                SessionFields(entry.session));
  Changed(entry, SessionChange::kAdopted);
}

}  // namespace ovpnbroker::ovpn
