// What a policy gets to see of a client: exact bytes, valid text, no password unless granted,
// bounded.
#include "policy/stream/request_codec.h"

#include <gtest/gtest.h>

#include "ovpn/base/utf8.h"
#include "tests/support/auth_request_builder.h"

namespace ovpnbroker::policy {
namespace {

using Variables = std::vector<std::pair<std::string, std::string>>;

ovpn::AuthRequest RequestWith(const Variables& variables) {
  ovpn::AuthRequest request = test::MakeAuthRequest(test::Key(0, 1));
  ovpn::Environment::Builder builder;
  for (const auto& [name, value] : variables) builder.Add(name, value);
  request.environment = std::make_shared<const ovpn::Environment>(builder.Build());
  request.session.identity = ovpn::ClientIdentity::FromEnvironment(*request.environment);
  return request;
}

v1::DecisionRequest Encode(const ovpn::AuthRequest& request, const StreamTerms& terms = {}) {
  return MakeDecisionRequest(
      {.decision_id = "d1", .attempt = 2, .round = 0, .timeout = std::chrono::milliseconds(1500)},
      request, terms);
}

TEST(RequestCodec, Connect_CarriesWhoAsksAndHowLongItMayTake) {
  const v1::DecisionRequest message = Encode(RequestWith(
      {{"common_name", "laptop-7"}, {"username", "alice"}, {"IV_SSO", "webauth,crtext"}}));
  EXPECT_EQ(message.decision_id(), "d1");
  EXPECT_EQ(message.attempt(), 2);
  EXPECT_EQ(message.kind(), v1::DecisionRequest::KIND_CONNECT);
  EXPECT_EQ(message.kid(), 1u);
  EXPECT_EQ(message.session().name(), "instances/office/sessions/session-0");
  EXPECT_EQ(message.session().common_name(), "laptop-7");
  EXPECT_EQ(message.session().username(), "alice");
  EXPECT_EQ(message.timeout().seconds(), 1);
  EXPECT_EQ(message.timeout().nanos(), 500'000'000);
  EXPECT_EQ(message.environment().at("username"), "alice");
  ASSERT_EQ(message.pending_auth_methods_size(), 2);
  EXPECT_EQ(message.pending_auth_methods(1), "crtext");
  EXPECT_FALSE(message.environment_truncated());
}

TEST(RequestCodec, PasswordNotGranted_IsNowhere) {
  const v1::DecisionRequest message = Encode(RequestWith({{"username", "alice"}}));
  EXPECT_FALSE(message.has_credentials());
  EXPECT_EQ(message.SerializeAsString().find("hunter2"), std::string::npos);
}

TEST(RequestCodec, PasswordGranted_IsInCredentialsOnly) {
  StreamTerms terms;
  terms.send_password = true;
  const v1::DecisionRequest message = Encode(RequestWith({{"username", "alice"}}), terms);
  EXPECT_EQ(message.credentials().username(), "alice");
  EXPECT_EQ(message.credentials().password(), "hunter2");
}

TEST(RequestCodec, TokenInThePasswordsPlace_IsAStateAndNoPassword) {
  StreamTerms terms;
  terms.send_password = true;
  ovpn::AuthRequest request = RequestWith({{"username", "alice"}});
  request.token_state = ovpn::TokenState::kAuthenticated;
  const v1::DecisionRequest message = Encode(request, terms);
  EXPECT_EQ(message.token_state(), v1::TOKEN_STATE_AUTHENTICATED);
  EXPECT_EQ(message.credentials().username(), "alice");
  EXPECT_FALSE(message.credentials().has_password());
  request.token_state = ovpn::TokenState::kInitial;
  EXPECT_TRUE(Encode(request, terms).credentials().has_password());
}

TEST(RequestCodec, ChallengeResponse_GoesToAPolicyThatPutsQuestionsOnly) {
  ovpn::AuthRequest request = RequestWith({{"username", "alice"}});
  request.kind = ovpn::AuthKind::kChallengeResponse;
  request.challenge_response = ovpn::Secret("MTIzNDU2");
  EXPECT_FALSE(Encode(request).has_credentials());
  StreamTerms terms;
  terms.pending_auth = true;
  const v1::DecisionRequest message = Encode(request, terms);
  EXPECT_EQ(message.kind(), v1::DecisionRequest::KIND_CHALLENGE_RESPONSE);
  EXPECT_EQ(message.credentials().challenge_response(), "MTIzNDU2");
  EXPECT_FALSE(message.credentials().has_password());
}

TEST(RequestCodec, NonUtf8_IsExactInTheEnvironmentAndReplacedInText) {
  const std::string bytes = "al\xff\xc3(ce";
  const v1::DecisionRequest message =
      Encode(RequestWith({{"username", bytes}, {"X509_0_\xfe", "v"}}));
  EXPECT_EQ(message.environment().at("username"), bytes);
  EXPECT_EQ(message.session().username(), "al\xEF\xBF\xBD\xEF\xBF\xBD(ce");
  for (const auto& [name, value] : message.environment()) EXPECT_TRUE(ovpn::IsValidUtf8(name));
  v1::DecisionRequest parsed;
  EXPECT_TRUE(parsed.ParseFromString(message.SerializeAsString()));
}

TEST(RequestCodec, VariableTwice_TheFirstCounts) {
  const v1::DecisionRequest message = Encode(RequestWith({{"a", "1"}, {"a", "2"}}));
  EXPECT_EQ(message.environment().at("a"), "1");
}

TEST(RequestCodec, HugeEnvironment_LosesItsLargestVariables) {
  Variables variables;
  for (int i = 0; i < 8; ++i) {
    variables.emplace_back("big_" + std::to_string(i), std::string(60'000, 'x'));
  }
  variables.emplace_back("small", "kept");
  const v1::DecisionRequest message = Encode(RequestWith(variables));
  EXPECT_TRUE(message.environment_truncated());
  EXPECT_LT(message.ByteSizeLong(), static_cast<size_t>(StreamLimits::kMaxMessageBytes));
  EXPECT_EQ(message.environment().at("small"), "kept");
  EXPECT_EQ(message.environment_size(), 5);
}

TEST(RequestCodec, HugeNames_StayBelowTheMessageLimit) {
  const std::string huge(16 * 1024, '\xff');
  StreamTerms terms;
  terms.send_password = true;
  ovpn::AuthRequest request = RequestWith({{"common_name", huge},
                                           {"username", huge},
                                           {"IV_PLAT", huge},
                                           {"IV_VER", huge},
                                           {"IV_SSO", huge},
                                           {"tls_serial_hex_0", huge},
                                           {"tls_digest_sha256_0", huge},
                                           {huge, huge}});
  request.password.emplace(huge);
  const v1::DecisionRequest message = Encode(request, terms);
  EXPECT_LT(message.ByteSizeLong(), static_cast<size_t>(StreamLimits::kMaxMessageBytes));
  EXPECT_EQ(message.environment().at("username"), huge);
}

TEST(RequestCodec, EnvironmentPatterns_NarrowWhatIsSent) {
  StreamTerms terms;
  terms.environment_patterns = {"IV_*", "username"};
  const v1::DecisionRequest message = Encode(
      RequestWith({{"IV_PLAT", "linux"}, {"username", "alice"}, {"tls_id_0", "CN=x"}}), terms);
  EXPECT_EQ(message.environment_size(), 2);
  EXPECT_EQ(message.environment().count("tls_id_0"), 0u);
}

TEST(RequestCodec, Terms_AreTheSmallerOfBothSides) {
  StreamPolicyOptions options;
  options.max_in_flight = 10;
  options.grant_password = false;
  options.allow_raw_directives = true;
  v1::HelloAck ack;
  ack.add_capabilities(v1::CAPABILITY_PASSWORD);
  ack.add_capabilities(v1::CAPABILITY_RAW_DIRECTIVES);
  ack.set_max_in_flight(50);
  for (int i = 0; i < 100; ++i) ack.add_environment_names("x");
  StreamTerms terms = NegotiateTerms(options, ack);
  EXPECT_FALSE(terms.send_password);
  EXPECT_TRUE(terms.raw_directives);
  EXPECT_EQ(terms.max_in_flight, 10);
  EXPECT_EQ(terms.environment_patterns.size(), 64u);
  ack.set_max_in_flight(4);
  EXPECT_EQ(NegotiateTerms(options, ack).max_in_flight, 4);
  ack.set_max_in_flight(-1);
  EXPECT_EQ(NegotiateTerms(options, ack).max_in_flight, 10);
}

}  // namespace
}  // namespace ovpnbroker::policy
