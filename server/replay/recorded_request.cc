#include "server/replay/recorded_request.h"

#include <chrono>
#include <memory>

namespace ovpnbroker::server {
namespace {

namespace v1 = policy::v1;

ovpn::AuthKind KindOf(v1::DecisionRequest::Kind kind) {
  switch (kind) {
    case v1::DecisionRequest::KIND_REAUTH:
      return ovpn::AuthKind::kReauth;
    case v1::DecisionRequest::KIND_CHALLENGE_RESPONSE:
      return ovpn::AuthKind::kChallengeResponse;
    default:
      return ovpn::AuthKind::kConnect;
  }
}

ovpn::TokenState TokenStateOf(v1::TokenState state) {
  switch (state) {
    case v1::TOKEN_STATE_UNSPECIFIED:
      return ovpn::TokenState::kNone;
    case v1::TOKEN_STATE_INITIAL:
      return ovpn::TokenState::kInitial;
    case v1::TOKEN_STATE_AUTHENTICATED:
      return ovpn::TokenState::kAuthenticated;
    case v1::TOKEN_STATE_EXPIRED:
      return ovpn::TokenState::kExpired;
    case v1::TOKEN_STATE_AUTHENTICATED_EMPTY_USER:
      return ovpn::TokenState::kAuthenticatedEmptyUser;
    case v1::TOKEN_STATE_EXPIRED_EMPTY_USER:
      return ovpn::TokenState::kExpiredEmptyUser;
    default:
      return ovpn::TokenState::kInvalid;
  }
}

ovpn::WallTime TimeOf(const google::protobuf::Timestamp& time) {
  return ovpn::WallTime(std::chrono::duration_cast<ovpn::WallTime::duration>(
      std::chrono::seconds(time.seconds()) + std::chrono::nanoseconds(time.nanos())));
}

}  // namespace

ovpn::AuthRequest RequestFromProto(const v1::DecisionRequest& message) {
  ovpn::Environment::Builder environment;
  for (const auto& [name, value] : message.environment()) {
    if (!name.empty()) environment.Add(name, value);
  }
  ovpn::AuthRequest request;
  request.kind = KindOf(message.kind());
  request.environment = std::make_shared<const ovpn::Environment>(environment.Build());
  request.session.identity = ovpn::ClientIdentity::FromEnvironment(*request.environment);
  request.session.uid = message.session().uid();
  request.session.client.instance = message.session().instance();
  request.session.client.epoch = {message.session().epoch()};
  request.session.client.cid = {message.session().cid()};
  request.session.create_time = TimeOf(message.session().create_time());
  request.key = {request.session.client, {message.kid()}};
  request.token_state = TokenStateOf(message.token_state());
  request.receive_time = TimeOf(message.receive_time());
  return request;
}

}  // namespace ovpnbroker::server
