#include "policy/stream/request_codec.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_split.h"
#include "ovpn/base/utf8.h"
#include "policy/stream/selected_environment.h"
#include "policy/stream/session_codec.h"

namespace ovpnbroker::policy {
namespace {

v1::DecisionRequest::Kind KindToProto(ovpn::AuthKind kind) {
  switch (kind) {
    case ovpn::AuthKind::kConnect:
      return v1::DecisionRequest::KIND_CONNECT;
    case ovpn::AuthKind::kReauth:
      return v1::DecisionRequest::KIND_REAUTH;
    case ovpn::AuthKind::kChallengeResponse:
      return v1::DecisionRequest::KIND_CHALLENGE_RESPONSE;
  }
  return v1::DecisionRequest::KIND_UNSPECIFIED;
}

v1::TokenState TokenStateToProto(ovpn::TokenState state) {
  switch (state) {
    case ovpn::TokenState::kNone:
      return v1::TOKEN_STATE_UNSPECIFIED;
    case ovpn::TokenState::kInitial:
      return v1::TOKEN_STATE_INITIAL;
    case ovpn::TokenState::kAuthenticated:
      return v1::TOKEN_STATE_AUTHENTICATED;
    case ovpn::TokenState::kExpired:
      return v1::TOKEN_STATE_EXPIRED;
    case ovpn::TokenState::kInvalid:
      return v1::TOKEN_STATE_INVALID;
    case ovpn::TokenState::kAuthenticatedEmptyUser:
      return v1::TOKEN_STATE_AUTHENTICATED_EMPTY_USER;
    case ovpn::TokenState::kExpiredEmptyUser:
      return v1::TOKEN_STATE_EXPIRED_EMPTY_USER;
  }
  return v1::TOKEN_STATE_INVALID;
}

// False when the client presented a token in the place of its password.
bool IsPassword(ovpn::TokenState state) {
  return state == ovpn::TokenState::kNone || state == ovpn::TokenState::kInitial;
}

// The answer to a question goes to whoever put it, so CAPABILITY_PENDING_AUTH is enough for it; the
// password needs the operator's grant.
void AddCredentials(const ovpn::AuthRequest& request, const StreamTerms& terms,
                    v1::DecisionRequest& message) {
  const bool response = terms.pending_auth && request.challenge_response.has_value();
  if (!terms.send_password && !response) return;
  type::v1::Credentials& credentials = *message.mutable_credentials();
  credentials.set_username(request.session.identity->username);
  if (terms.send_password && request.password.has_value() && IsPassword(request.token_state)) {
    const absl::string_view password = request.password->Reveal();
    credentials.set_password(password.data(), password.size());
  }
  if (response) {
    const absl::string_view text = request.challenge_response->Reveal();
    credentials.set_challenge_response(text.data(), text.size());
  }
}

}  // namespace

v1::Hello MakeHello(const StreamPolicyOptions& options) {
  v1::Hello hello;
  hello.set_broker_id(options.broker.id);
  hello.set_broker_epoch(options.broker.epoch);
  hello.set_broker_version(options.broker.version);
  hello.set_policy(options.name);
  hello.set_mode(options.mode == StreamMode::kEnforce ? v1::MODE_ENFORCE : v1::MODE_SHADOW);
  if (options.sessions != nullptr) {
    hello.add_capabilities(v1::CAPABILITY_SESSION_EVENTS);
    hello.add_capabilities(v1::CAPABILITY_EVENT_REPLAY);
    hello.add_capabilities(v1::CAPABILITY_SESSION_TRAFFIC);
    if (options.grant_commands) hello.add_capabilities(v1::CAPABILITY_COMMANDS);
  }
  if (options.mode == StreamMode::kEnforce) {
    hello.add_capabilities(v1::CAPABILITY_PENDING_AUTH);
    if (options.max_decision_timeout.has_value()) {
      hello.add_capabilities(v1::CAPABILITY_DEADLINE_EXTENSION);
    }
  }
  hello.add_capabilities(v1::CAPABILITY_DRY_RUN);
  if (options.grant_password) hello.add_capabilities(v1::CAPABILITY_PASSWORD);
  if (options.allow_raw_directives) hello.add_capabilities(v1::CAPABILITY_RAW_DIRECTIVES);
  hello.set_max_in_flight(options.max_in_flight);
  *hello.mutable_decision_timeout() = DurationToProto(options.decision_timeout);
  *hello.mutable_max_decision_timeout() =
      DurationToProto(options.max_decision_timeout.value_or(options.decision_timeout));
  *hello.mutable_heartbeat_interval() = DurationToProto(options.timings.heartbeat_interval);
  return hello;
}

StreamTerms NegotiateTerms(const StreamPolicyOptions& options, const v1::HelloAck& ack) {
  StreamTerms terms;
  const bool sessions = options.sessions != nullptr;
  const bool enforce = options.mode == StreamMode::kEnforce;
  terms.shadow = !enforce;
  for (const int capability : ack.capabilities()) {
    if (capability == v1::CAPABILITY_PENDING_AUTH) terms.pending_auth = enforce;
    if (capability == v1::CAPABILITY_DEADLINE_EXTENSION) {
      terms.deadline_extension = enforce && options.max_decision_timeout.has_value();
    }
    if (capability == v1::CAPABILITY_SESSION_EVENTS) terms.session_events = sessions;
    if (capability == v1::CAPABILITY_SESSION_TRAFFIC) terms.session_traffic = sessions;
    if (capability == v1::CAPABILITY_EVENT_REPLAY) terms.event_replay = sessions;
    if (capability == v1::CAPABILITY_COMMANDS) terms.commands = sessions && options.grant_commands;
    if (capability == v1::CAPABILITY_DRY_RUN) terms.dry_run = true;
    if (capability == v1::CAPABILITY_PASSWORD) terms.send_password = options.grant_password;
    if (capability == v1::CAPABILITY_RAW_DIRECTIVES) {
      terms.raw_directives = options.allow_raw_directives;
    }
  }
  terms.max_in_flight = options.max_in_flight;
  if (ack.max_in_flight() > 0) {
    terms.max_in_flight = std::min(terms.max_in_flight, ack.max_in_flight());
  }
  const int patterns =
      std::min(ack.environment_names_size(), StreamLimits::kMaxEnvironmentPatterns);
  terms.environment_patterns.assign(ack.environment_names().begin(),
                                    ack.environment_names().begin() + patterns);
  return terms;
}

void FillRequestWithoutEnvironment(const RequestHead& head, const ovpn::AuthRequest& request,
                                   const StreamTerms& terms, v1::DecisionRequest& message) {
  message.set_decision_id(head.decision_id);
  message.set_attempt(head.attempt);
  message.set_round(head.round);
  message.set_kind(KindToProto(request.kind));
  SessionToProto(request.session, *message.mutable_session());
  message.set_kid(request.key.kid.value);
  message.set_token_state(TokenStateToProto(request.token_state));
  message.set_dry_run(terms.dry_run && (terms.shadow || head.dry_run));
  AddCredentials(request, terms, message);
  for (const absl::string_view method :
       absl::StrSplit(request.session.identity->sso_methods, ',', absl::SkipEmpty())) {
    message.add_pending_auth_methods(ovpn::ReplaceInvalidUtf8(method));
  }
  *message.mutable_timeout() = DurationToProto(std::max(head.timeout, ovpn::Duration::zero()));
  *message.mutable_receive_time() = TimestampToProto(request.receive_time);
}

v1::DecisionRequest MakeDecisionRequest(const RequestHead& head, const ovpn::AuthRequest& request,
                                        const StreamTerms& terms) {
  v1::DecisionRequest message;
  FillRequestWithoutEnvironment(head, request, terms, message);
  const SelectedEnvironment selected(*request.environment, terms.environment_patterns,
                                     message.ByteSizeLong());
  message.set_environment_truncated(selected.truncated());
  for (const ovpn::Environment::Entry& entry : selected.entries()) {
    (*message.mutable_environment())[std::string(entry.name)] = std::string(entry.value);
  }
  return message;
}

}  // namespace ovpnbroker::policy
