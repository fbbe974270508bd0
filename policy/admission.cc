#include "policy/admission.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "ovpn/base/suggest.h"

namespace ovpnbroker::policy {
namespace {

// How long a client waits that found a pool empty. It tries the next server of its list first.
constexpr std::chrono::seconds kExhaustedBackoff{30};
constexpr char kExhaustedReason[] = "no free address";
constexpr char kTooManySessionsReason[] = "too many sessions";
constexpr char kTimeOverReason[] = "session time is over";
constexpr char kReplacedByNewerReason[] = "replaced by a newer session";

// OpenVPN reads a configuration and the session begins here; a renegotiation only goes on.
bool Begins(const ovpn::AuthRequest& request) {
  return request.kind == ovpn::AuthKind::kConnect ||
         (request.kind == ovpn::AuthKind::kChallengeResponse &&
          !request.session.establish_time.has_value());
}

}  // namespace

Admission::Admission(const ovpn::Clock& clock, ovpn::Logger& logger,
                     std::vector<AddressPoolOptions> pools, EndSession end_session)
    : clock_(clock),
      logger_(logger),
      end_session_(std::move(end_session)),
      pools_(std::move(pools)) {}

Admission::Result Admission::Admit(const ovpn::AuthRequest& request, const ovpn::Allow& allow) {
  Admitted admitted{allow, {}};
  ovpn::ClientConfig& config = admitted.allow.config;
  if (!Begins(request)) {
    // OpenVPN keeps the first configuration, so nothing is taken for this one.
    config.address_pool.clear();
    return admitted;
  }
  const ovpn::Session& session = request.session;
  std::vector<ovpn::FieldViolation> violations;
  AddressPool* const pool = pools_.Find(config.address_pool);
  if (!config.address_pool.empty()) {
    if (pool == nullptr) {
      violations.push_back({"allow.config.address_pool",
                            absl::StrCat("the broker has no address pool of this name",
                                         ovpn::DidYouMean(config.address_pool, pools_.Names()))});
    }
    if (config.ifconfig_push.has_value() || config.ifconfig_ipv6_push.has_value()) {
      violations.push_back(
          {"allow.config.address_pool", "excludes ifconfig_push and ifconfig_ipv6_push"});
    }
  }
  if (!violations.empty()) return violations;

  SessionLimits::Room room = SessionLimits::Check(session, allow.limits, live_);
  if (!room.allowed) {
    logger_.Info("SESSION_LIMIT_DENIED", "a user has as many sessions as the policy allows",
                 {{"instance", session.client.instance},
                  {"user", UserOfSession(*session.identity)},
                  {"max_sessions", allow.limits.max_sessions}});
    return ovpn::Deny{absl::StrCat("the user has ", allow.limits.max_sessions, " sessions already"),
                      kTooManySessionsReason, "MAX_SESSIONS"};
  }
  admitted.to_end = std::move(room.to_end);

  if (pool != nullptr) {
    if (auto deny = TakeFromPool(request, *pool, config)) return *std::move(deny);
  }
  if (config.ifconfig_push.has_value()) {
    CheckFree(session, config.ifconfig_push->local, "allow.config.ifconfig_push.local", violations);
  }
  if (config.ifconfig_ipv6_push.has_value()) {
    CheckFree(session, config.ifconfig_ipv6_push->local, "allow.config.ifconfig_ipv6_push.local",
              violations);
  }
  if (!violations.empty()) return violations;
  HoldAddresses(session, config);
  return admitted;
}

std::optional<ovpn::Deny> Admission::TakeFromPool(const ovpn::AuthRequest& request,
                                                  AddressPool& pool, ovpn::ClientConfig& config) {
  const ovpn::Session& session = request.session;
  const std::string user = pool.UserOf(*session.identity);
  const auto gives_way = [&](const AddressLease& lease) {
    const std::vector<ovpn::IpAddress> addresses = lease.addresses();
    return std::all_of(addresses.begin(), addresses.end(),
                       [&](const ovpn::IpAddress& address) { return GivesWay(address, session); });
  };
  const absl::StatusOr<AddressLease> lease = pool.Give(user, clock_.WallNow(), gives_way);
  if (!lease.ok()) {
    logger_.Warning(
        "ADDRESS_POOL_EXHAUSTED", "a client is denied because its pool has no free address",
        {{"instance", session.client.instance}, {"pool", pool.options().name}, {"user", user}});
    ovpn::Deny deny{std::string(lease.status().message()), kExhaustedReason,
                    "ADDRESS_POOL_EXHAUSTED"};
    deny.retry = ovpn::RetryHint{.backoff = kExhaustedBackoff, .advance = true};
    return deny;
  }
  pool.Configure(*lease, config);
  return std::nullopt;
}

bool Admission::GivesWay(const ovpn::IpAddress& address, const ovpn::Session& session) const {
  const auto holders = pools_.HoldersOf(address, session.client.instance);
  return std::all_of(holders.begin(), holders.end(), [&](const AddressPools::Holder& holder) {
    return holder.session == session.uid || live_.IsReplacedBy(holder.session, session);
  });
}

void Admission::CheckFree(const ovpn::Session& session, const ovpn::IpAddress& address,
                          absl::string_view field,
                          std::vector<ovpn::FieldViolation>& violations) const {
  if (GivesWay(address, session)) return;
  const auto holders = pools_.HoldersOf(address, session.client.instance);
  const auto other = std::find_if(holders.begin(), holders.end(), [&](const auto& holder) {
    return holder.session != session.uid;
  });
  logger_.Warning("ADDRESS_IN_USE", "a policy named an address that another live session has",
                  {{"instance", session.client.instance},
                   {"address", address.ToString()},
                   {"session", session.uid},
                   {"held_by", other->session}});
  violations.push_back(
      {std::string(field),
       absl::StrCat(address.ToString(), " is in use by session ", other->session)});
}

void Admission::HoldAddresses(const ovpn::Session& session, const ovpn::ClientConfig& config) {
  // A new handshake of the same client may have been allowed before, with other addresses.
  pools_.Release(session.uid, clock_.WallNow());
  const AddressPools::Holder holder{session.uid, session.client.instance};
  if (config.ifconfig_push.has_value()) pools_.Hold(holder, config.ifconfig_push->local);
  if (config.ifconfig_ipv6_push.has_value()) pools_.Hold(holder, config.ifconfig_ipv6_push->local);
}

void Admission::Commit(const ovpn::AuthRequest& request, const Admitted& admitted) {
  const ovpn::SessionLimits& limits = admitted.allow.limits;
  if (limits.max_duration.has_value()) {
    const auto age = clock_.WallNow() - request.session.create_time;
    limits_.SetEnd(request.session.uid, clock_.Now() + (*limits.max_duration - age),
                   kTimeOverReason);
    session_ends_.Set(request.session, request.session.create_time + *limits.max_duration);
  } else if (Begins(request)) {
    limits_.Forget(request.session.uid);
    session_ends_.Forget(request.session);
  }
  for (const ovpn::SessionUid& uid : admitted.to_end) {
    End(uid, kReplacedByNewerReason);
  }
  TellDeadline();
}

void Admission::Abandon(const ovpn::AuthRequest& request) {
  if (Begins(request)) pools_.Release(request.session.uid, clock_.WallNow());
}

void Admission::OnSessionChanged(const ovpn::Session& session) {
  live_.Update(session);
  if (session.state == ovpn::SessionState::kEnded) {
    pools_.Release(session.uid, clock_.WallNow());
    limits_.Forget(session.uid);
    session_ends_.Forget(session);
    TellDeadline();
    return;
  }
  if (session.state == ovpn::SessionState::kUnjudged) ClaimEnd(session);
  HoldReported(session);
}

// A limit that an earlier broker was told goes on.
void Admission::ClaimEnd(const ovpn::Session& session) {
  const std::optional<ovpn::WallTime> end = session_ends_.Claim(session);
  if (!end.has_value()) return;
  limits_.SetEnd(session.uid, clock_.Now() + (*end - clock_.WallNow()), kTimeOverReason);
  TellDeadline();
}

// What OpenVPN says that the session has, whoever gave it: its own pool, an earlier broker.
void Admission::HoldReported(const ovpn::Session& session) {
  AddressLease lease;
  AddressPool* pool = nullptr;
  for (const std::string& text : session.virtual_addresses) {
    const absl::StatusOr<ovpn::IpAddress> address = ovpn::IpAddress::Parse(text);
    if (!address.ok()) continue;
    pools_.Hold({session.uid, session.client.instance}, *address);
    if (AddressPool* owner = pools_.Owner(*address)) pool = owner;
    (address->is_v4() ? lease.ipv4 : lease.ipv6) = *address;
  }
  // The lease of a session that outlived its broker may have been lost with it.
  if (pool == nullptr || session.state != ovpn::SessionState::kUnjudged) return;
  lease.user = pool->UserOf(*session.identity);
  lease.last_use = session.create_time;
  pool->Restore(std::move(lease));
}

void Admission::OnDeadline() {
  while (const auto due = limits_.TakeDue(clock_.Now())) End(due->uid, due->reason);
  TellDeadline();
}

void Admission::End(const ovpn::SessionUid& uid, const std::string& reason) {
  const LiveSession* live = live_.Find(uid);
  if (live == nullptr) return;
  const ovpn::ClientRef client = live->client;
  logger_.Info("SESSION_LIMIT_ENDED", "a session is ended because of its limits",
               {{"instance", client.instance}, {"session", uid}, {"reason", reason}});
  live_.SetEnding(uid, true);
  end_session_(client, uid, reason,
               [self = std::weak_ptr<Admission*>(self_), uid, reason](const absl::Status& status) {
                 // NOT_FOUND: it has left by itself.
                 if (status.ok() || absl::IsNotFound(status)) return;
                 if (const auto alive = self.lock()) (*alive)->OnEndFailed(uid, reason, status);
               });
}

void Admission::OnEndFailed(const ovpn::SessionUid& uid, const std::string& reason,
                            const absl::Status& status) {
  if (live_.Find(uid) == nullptr) return;
  logger_.Warning("SESSION_LIMIT_END_FAILED", "a session could not be ended; it is tried again",
                  {{"session", uid}, {"status", status.ToString()}});
  live_.SetEnding(uid, false);
  limits_.SetEnd(uid, clock_.Now() + kEndRetry, reason);
  TellDeadline();
}

void Admission::SetDeadlineListener(std::function<void(std::optional<ovpn::SteadyTime>)> listener) {
  deadline_listener_ = std::move(listener);
  TellDeadline();
}

void Admission::TellDeadline() {
  if (deadline_listener_ != nullptr) deadline_listener_(NextDeadline());
}

}  // namespace ovpnbroker::policy
