#include "policy/stream/session_codec.h"

#include <chrono>

#include "absl/strings/str_cat.h"
#include "ovpn/base/utf8.h"

namespace ovpnbroker::policy {
namespace {

constexpr int64_t kNanosPerSecond = 1'000'000'000;
// Of each text that a client can influence, so that no client can make a message too large to send.
constexpr size_t kMaxTextBytes = 1024;

std::string Text(absl::string_view bytes) {
  return ovpn::ReplaceInvalidUtf8(bytes.substr(0, kMaxTextBytes));
}

type::v1::Session::State StateToProto(ovpn::SessionState state) {
  switch (state) {
    case ovpn::SessionState::kPending:
      return type::v1::Session::STATE_PENDING;
    case ovpn::SessionState::kPendingAuth:
      return type::v1::Session::STATE_PENDING_AUTH;
    case ovpn::SessionState::kAuthorized:
      return type::v1::Session::STATE_AUTHORIZED;
    case ovpn::SessionState::kEstablished:
      return type::v1::Session::STATE_ESTABLISHED;
    case ovpn::SessionState::kEnding:
      return type::v1::Session::STATE_ENDING;
    case ovpn::SessionState::kEnded:
      return type::v1::Session::STATE_ENDED;
    case ovpn::SessionState::kUnjudged:
      return type::v1::Session::STATE_UNJUDGED;
  }
  return type::v1::Session::STATE_UNSPECIFIED;
}

}  // namespace

google::protobuf::Timestamp TimestampToProto(ovpn::WallTime time) {
  const auto since_epoch =
      std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch());
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since_epoch);
  google::protobuf::Timestamp message;
  message.set_seconds(seconds.count());
  message.set_nanos(static_cast<int32_t>((since_epoch - seconds).count()));
  return message;
}

google::protobuf::Duration DurationToProto(ovpn::Duration duration) {
  const int64_t nanos = std::chrono::duration_cast<std::chrono::nanoseconds>(duration).count();
  google::protobuf::Duration message;
  message.set_seconds(nanos / kNanosPerSecond);
  message.set_nanos(static_cast<int32_t>(nanos % kNanosPerSecond));
  return message;
}

type::v1::Session SessionToProto(const ovpn::Session& session) {
  type::v1::Session message;
  SessionToProto(session, message);
  return message;
}

void SessionToProto(const ovpn::Session& session, type::v1::Session& message) {
  message.set_name(absl::StrCat("instances/", session.client.instance, "/sessions/", session.uid));
  message.set_uid(session.uid);
  message.set_instance(session.client.instance);
  message.set_epoch(session.client.epoch.value);
  message.set_cid(session.client.cid.value);
  message.set_state(StateToProto(session.state));

  const ovpn::ClientIdentity& identity = *session.identity;
  message.set_common_name(Text(identity.common_name));
  message.set_username(Text(identity.username));
  message.set_real_address(Text(identity.real_address));
  message.set_platform(Text(identity.platform));
  message.set_client_version(Text(identity.client_version));
  message.set_certificate_serial(Text(identity.certificate_serial));
  message.set_certificate_sha256(Text(identity.certificate_sha256));

  for (const std::string& address : session.virtual_addresses) {
    message.add_virtual_addresses(Text(address));
  }
  *message.mutable_create_time() = TimestampToProto(session.create_time);
  if (session.establish_time.has_value()) {
    *message.mutable_establish_time() = TimestampToProto(*session.establish_time);
  }
  if (session.end_time.has_value()) {
    *message.mutable_end_time() = TimestampToProto(*session.end_time);
  }
  message.set_end_reason(Text(session.end_reason));
  message.set_received_bytes(session.received_bytes);
  message.set_sent_bytes(session.sent_bytes);
  message.set_policy(session.policy);
  message.set_policy_revision(session.policy_revision);
  message.set_last_decision_id(session.last_decision_id);
}

}  // namespace ovpnbroker::policy
