#include "server/admin/session_view.h"

#include <tuple>

#include "absl/hash/hash.h"
#include "absl/strings/str_cat.h"
#include "policy/stream/session_codec.h"

namespace ovpnbroker::server {
namespace {

int64_t Ticks(const std::optional<ovpn::WallTime>& time) {
  return time.has_value() ? static_cast<int64_t>(time->time_since_epoch().count()) : -1;
}

}  // namespace

std::string SessionEtag(const ovpn::Session& session) {
  const auto values = std::make_tuple(
      session.uid, static_cast<int>(session.state), session.identity->common_name,
      session.identity->username, session.identity->real_address, session.virtual_addresses,
      Ticks(session.establish_time), Ticks(session.end_time), session.end_reason, session.policy,
      session.policy_revision, session.last_decision_id);
  return absl::StrCat(absl::Hex(absl::HashOf(values), absl::kZeroPad16));
}

type::v1::Session SessionToAdminProto(const ovpn::Session& session) {
  type::v1::Session message = policy::SessionToProto(session);
  message.set_etag(SessionEtag(session));
  return message;
}

}  // namespace ovpnbroker::server
