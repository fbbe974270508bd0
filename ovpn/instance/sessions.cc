#include "ovpn/instance/sessions.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_join.h"
#include "ovpn/instance/session_log.h"

namespace ovpnbroker::ovpn {
namespace {

constexpr absl::string_view kDisconnected = "disconnected";

KeyRef KeyOf(const SessionEntry& entry, Kid kid) { return {entry.session.client, kid}; }

std::string Join(const std::vector<IntendedAddress>& addresses) {
  if (addresses.empty()) return "none";
  return absl::StrJoin(addresses, " ", [](std::string* out, const IntendedAddress& address) {
    absl::StrAppend(out, address.address);
  });
}

bool IsIpv6(const IntendedAddress& address) {
  return address.address.find(':') != std::string::npos;
}

// True when OpenVPN gave what was asked for: each wanted address is there, and no tunnel address of
// a family that was asked for is another one. A family that was not asked for comes from OpenVPN's
// own pool.
bool AddressesAgree(const std::vector<IntendedAddress>& wanted,
                    const std::vector<IntendedAddress>& learned) {
  for (const IntendedAddress& want : wanted) {
    if (std::find(learned.begin(), learned.end(), want) == learned.end()) return false;
    if (!want.primary) continue;
    for (const IntendedAddress& got : learned) {
      if (got.primary && IsIpv6(got) == IsIpv6(want) && got.address != want.address) return false;
    }
  }
  return true;
}

// `session_state` comes with `auth-gen-token ... external-auth`. A word that we do not know is the
// one that a policy must not trust.
TokenState TokenStateOf(const Environment& environment) {
  const std::optional<absl::string_view> word = environment.Get("session_state");
  if (!word.has_value()) return TokenState::kNone;
  if (*word == "Initial") return TokenState::kInitial;
  if (*word == "Authenticated") return TokenState::kAuthenticated;
  if (*word == "Expired") return TokenState::kExpired;
  if (*word == "AuthenticatedEmptyUser") return TokenState::kAuthenticatedEmptyUser;
  if (*word == "ExpiredEmptyUser") return TokenState::kExpiredEmptyUser;
  return TokenState::kInvalid;
}

}  // namespace

Sessions::Sessions(const InstanceConfig& config, DirectivePolicy allowed_raw,
                   CommandChannel& channel, const Clock& clock, InstanceSink& sink, Logger& logger)
    : config_(config),
      allowed_raw_(std::move(allowed_raw)),
      channel_(channel),
      clock_(clock),
      sink_(sink),
      logger_(logger) {}

const Session* Sessions::FindByUid(const SessionUid& uid) const {
  const SessionEntry* entry = table_.FindByUid(uid);
  return entry == nullptr ? nullptr : &entry->session;
}

void Sessions::BeginEpoch(absl::string_view reason) {
  epoch_.value += 1;
  unwritten_.clear();
  adopting_ = false;
  held_.clear();
  // Reported from a copy: the sink sees an empty table and the new epoch.
  for (const SessionEntry& entry : table_.CloseAll(reason, clock_.WallNow())) {
    ReportEnd(entry, WithdrawReason::kInstanceStopped);
  }
}

void Sessions::OnEvent(ClientEvent&& event) {
  if (adopting_) {
    held_.push_back(std::move(event));
    return;
  }
  if (auto* connect = std::get_if<ClientConnect>(&event)) return OnConnect(std::move(*connect));
  if (const auto* established = std::get_if<ClientEstablished>(&event))
    return OnEstablished(*established);
  if (const auto* address = std::get_if<ClientAddress>(&event)) return OnAddress(*address);
  if (const auto* disconnect = std::get_if<ClientDisconnect>(&event))
    return OnDisconnect(*disconnect);
  OnChallengeResponse(std::move(std::get<ClientChallengeResponse>(event)));
}

void Sessions::OnChallengeResponse(ClientChallengeResponse&& event) {
  SessionEntry* entry = table_.Find(event.cid);
  if (entry == nullptr || entry->pending_kid != event.kid || !entry->awaits_response) {
    // Any client past TLS can send one at any time.
    logger_.Debug("CHALLENGE_RESPONSE_IGNORED", "a client answered a challenge that nobody put",
                  {{"instance", config_.name}, {"cid", event.cid.value}, {"kid", event.kid.value}});
    return;
  }
  entry->awaits_response = false;
  AuthRequest request;
  request.kind = AuthKind::kChallengeResponse;
  request.key = KeyOf(*entry, event.kid);
  request.session = entry->session;
  request.environment = std::make_shared<const Environment>(std::move(event.environment));
  request.challenge_response = std::move(event.response);
  request.token_state = TokenStateOf(*request.environment);
  request.receive_time = clock_.WallNow();
  sink_.OnAuthRequest(std::move(request));
}

void Sessions::OnConnect(ClientConnect&& event) {
  const WallTime now = clock_.WallNow();
  const SessionUid uid = NewUuid7(now);
  auto result = table_.OnConnect({config_.name, epoch_, event.cid}, event, uid, now);
  if (result.kind == SessionTable::Connect::kImpossible) {
    logger_.Warning(
        "EPOCH_MOVED", "OpenVPN has begun to count clients again without saying so",
        {{"instance", config_.name}, {"cid", event.cid.value}, {"kid", event.kid.value}});
    BeginEpoch("OpenVPN began to count again");
    result = table_.OnConnect({config_.name, epoch_, event.cid}, event, uid, now);
  }
  SessionEntry& entry = *result.entry;
  if (result.superseded.has_value()) {
    const KeyRef old_key = KeyOf(entry, *result.superseded);
    unwritten_.erase(old_key);
    sink_.OnAuthWithdrawn(old_key, WithdrawReason::kSuperseded);
  }
  entry.pending_since = clock_.Now();
  // The sink may end this session from inside a call, so the request is complete before the first.
  AuthRequest request;
  request.kind = event.reauth ? AuthKind::kReauth : AuthKind::kConnect;
  request.key = KeyOf(entry, event.kid);
  request.session = entry.session;
  request.environment = std::make_shared<const Environment>(std::move(event.environment));
  request.password = std::move(event.password);
  request.token_state = TokenStateOf(*request.environment);
  request.receive_time = now;
  if (!event.reauth) Changed(entry, SessionChange::kAsked);
  sink_.OnAuthRequest(std::move(request));
}

void Sessions::OnAddress(const ClientAddress& event) {
  table_.OnAddress(event);
  const SessionEntry* entry = table_.Find(event.cid);
  // Before ESTABLISHED the list is not complete; that event then has all of it.
  if (entry == nullptr || !event.primary || entry->session.state != SessionState::kEstablished)
    return;
  Changed(*entry, SessionChange::kAddressLearned);
}

void Sessions::OnDisconnect(const ClientDisconnect& event) {
  // The last word on the traffic; the periodic counts are up to their interval old.
  uint64_t received = 0;
  uint64_t sent = 0;
  if (absl::SimpleAtoi(event.environment.GetOrEmpty("bytes_received"), &received) &&
      absl::SimpleAtoi(event.environment.GetOrEmpty("bytes_sent"), &sent)) {
    table_.OnByteCount(event.cid, received, sent);
  }
  CloseSession(event.cid, kDisconnected);
}

void Sessions::OnEstablished(const ClientEstablished& event) {
  switch (table_.OnEstablished(event.cid, clock_.WallNow())) {
    case SessionTable::Established::kAfterClose:
      return;
    case SessionTable::Established::kWithoutVerdict:
      return KillIntruder(event.cid, "ESTABLISHED");
    case SessionTable::Established::kExpected:
      break;
  }
  const SessionEntry& entry = *table_.Find(event.cid);
  VerifyAddresses(entry);
}

void Sessions::VerifyAddresses(const SessionEntry& entry) {
  const KeyRef key = KeyOf(entry, *entry.allowed_kid);
  const SessionUid uid = entry.session.uid;
  const bool agree = AddressesAgree(entry.wanted_addresses, entry.learned_addresses);
  const std::string detail = agree ? ""
                                   : absl::StrCat("asked for ", Join(entry.wanted_addresses),
                                                  ", got ", Join(entry.learned_addresses));
  logger_.Write(LogLevel::kInfo, "SESSION_ESTABLISHED", "a client is in",
                SessionFields(entry.session));
  // A copy: the sink may end the session from inside a call. The outcome goes first, so that a
  // policy knows how its verdict ended when it hears of the session.
  SessionEntry verified = entry;
  sink_.OnAnswerOutcome(key, agree ? AnswerOutcome::kVerified : AnswerOutcome::kMismatched, detail);
  if (const SessionEntry* now = table_.FindByUid(uid)) verified.session = now->session;
  Changed(verified, SessionChange::kEstablished);
  if (agree) return;
  const bool kill = config_.address_mismatch == AddressMismatch::kKill;
  logger_.Warning("ADDRESS_MISMATCH",
                  "OpenVPN gave a client other addresses than its verdict asked for",
                  {{"instance", config_.name},
                   {"session", uid},
                   {"detail", detail},
                   {"killed", kill ? "yes" : "no"}});
  if (kill) Kill(uid, KillDisposition::kHalt, "address mismatch", [](const absl::Status&) {});
}

void Sessions::OnUnreadable(const ProtocolError& error) {
  if (!error.waiting_key.has_value()) return;
  const Deny deny{"the client's environment could not be read", "service unavailable", "",
                  RetryHint{}};
  auto command = commands::ClientDeny(error.waiting_key->cid, error.waiting_key->kid, deny);
  if (!command.ok()) return;  // KID 0: nobody waits
  std::vector<Connection::Request> requests;
  requests.push_back({command.TakeValue(), [](const absl::StatusOr<Reply>&) {}});
  channel_.Send(std::move(requests));
}

void Sessions::CloseSession(Cid cid, absl::string_view reason) {
  const auto entry = table_.Close(cid, reason, clock_.WallNow());
  if (entry.has_value()) ReportEnd(*entry, WithdrawReason::kClientGone);
}

void Sessions::ReportEnd(const SessionEntry& entry, WithdrawReason reason) {
  if (entry.pending_kid.has_value())
    sink_.OnAuthWithdrawn(KeyOf(entry, *entry.pending_kid), reason);
  const auto first = unwritten_.lower_bound(KeyRef{entry.session.client, Kid{0}});
  auto last = first;
  while (last != unwritten_.end() && last->first.client == entry.session.client) {
    sink_.OnAnswerOutcome(last->first, AnswerOutcome::kNotEnforced, "the client was gone first");
    ++last;
  }
  unwritten_.erase(first, last);
  logger_.Write(LogLevel::kInfo, "SESSION_ENDED", "a client has left, or was not let in",
                SessionFields(entry.session));
  Changed(entry, SessionChange::kEnded);
}

}  // namespace ovpnbroker::ovpn
