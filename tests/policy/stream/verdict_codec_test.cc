// A policy's answer as a verdict: what is read, and which field is named when it cannot be.
#include "policy/stream/verdict_codec.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

namespace ovpnbroker::policy {
namespace {

ovpn::Verdict Decode(const std::string& text, const StreamTerms& terms = {}) {
  v1::Decision decision;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &decision)) << text;
  return VerdictFromProto(decision, terms);
}

// The paths of the fields that make `text` invalid; empty when it is not.
std::vector<std::string> Violations(const std::string& text, const StreamTerms& terms = {}) {
  const ovpn::Verdict verdict = Decode(text, terms);
  const auto* failure = std::get_if<ovpn::Failure>(&verdict);
  if (failure == nullptr || failure->cause != ovpn::FailureCause::kInvalidVerdict) return {};
  std::vector<std::string> fields;
  for (const ovpn::FieldViolation& violation : failure->violations) {
    EXPECT_NE(violation.description, "");
    fields.push_back(violation.field);
  }
  return fields;
}

TEST(VerdictCodec, WholeConfig_IsRead) {
  const ovpn::Verdict verdict = Decode(R"(
      allow { config {
        ifconfig_push { local: "10.8.0.20" remote_or_netmask: "255.255.255.0" }
        ifconfig_ipv6_push { local: "fd00::20" prefix_length: 112 remote: "fd00::1" }
        routes { destination: "192.168.0.0/16" gateway: "10.8.0.1" metric: 7 }
        routes { destination: "fd01::/64" }
        iroutes: "192.168.50.0/255.255.255.0"
        dns: "10.8.0.1" dns: "fd00::1"
        search_domains: "example.org"
        redirect_gateway { flags: "def1" flags: "!ipv4" }
        push_reset: true
        push_remove: "route"
        push_options: "block-outside-dns"
      } })");
  ovpn::ClientConfig expected;
  expected.ifconfig_push = {*ovpn::IpAddress::Parse("10.8.0.20"),
                            *ovpn::IpAddress::Parse("255.255.255.0")};
  expected.ifconfig_ipv6_push = {*ovpn::IpAddress::Parse("fd00::20"), 112,
                                 ovpn::IpAddress::Parse("fd00::1").value()};
  expected.routes = {
      {*ovpn::IpPrefix::Parse("192.168.0.0/16"), ovpn::IpAddress::Parse("10.8.0.1").value(), 7},
      {*ovpn::IpPrefix::Parse("fd01::/64"), {}, {}}};
  expected.iroutes = {*ovpn::IpPrefix::Parse("192.168.50.0/24")};
  expected.dns = {*ovpn::IpAddress::Parse("10.8.0.1"), *ovpn::IpAddress::Parse("fd00::1")};
  expected.search_domains = {"example.org"};
  expected.redirect_gateway = {{"def1", "!ipv4"}};
  expected.push_reset = true;
  expected.push_remove = {"route"};
  expected.push_options = {"block-outside-dns"};
  ASSERT_TRUE(std::holds_alternative<ovpn::Allow>(verdict));
  EXPECT_EQ(std::get<ovpn::Allow>(verdict).config, expected);
}

TEST(VerdictCodec, EmptyAllow_IsAnEmptyConfig) {
  EXPECT_EQ(std::get<ovpn::Allow>(Decode("allow {}")).config, ovpn::ClientConfig());
}

TEST(VerdictCodec, BadFields_AreNamedByPath) {
  using testing::ElementsAre;
  EXPECT_THAT(Violations(R"(allow { config { routes { destination: "10.0.0.0/8" }
                                              routes { destination: "10.0.0.1/8" } } })"),
              ElementsAre("allow.config.routes[1].destination"));
  EXPECT_THAT(Violations(R"(allow { config { routes { destination: "10.0.0.0/8" gateway: "fd00::1"
                                                       metric: 10000 } } })"),
              ElementsAre("allow.config.routes[0].gateway", "allow.config.routes[0].metric"));
  EXPECT_THAT(Violations(R"(allow { config { ifconfig_push { local: "10.8.0.2\nEND" } } })"),
              ElementsAre("allow.config.ifconfig_push.local",
                          "allow.config.ifconfig_push.remote_or_netmask"));
  EXPECT_THAT(Violations(R"(allow { config { ifconfig_ipv6_push { local: "10.0.0.1"
                                                                   prefix_length: 125 } } })"),
              ElementsAre("allow.config.ifconfig_ipv6_push.local",
                          "allow.config.ifconfig_ipv6_push.prefix_length"));
  EXPECT_THAT(Violations(R"(allow { config { iroutes: "lan" dns: "dns.example.org" } })"),
              ElementsAre("allow.config.iroutes[0]", "allow.config.dns[0]"));
  EXPECT_THAT(
      Violations(R"(allow { config { redirect_gateway { flags: "def1" flags: "def2" } } })"),
      ElementsAre("allow.config.redirect_gateway.flags[1]"));
}

TEST(VerdictCodec, ManyBadFields_AreCutToAFew) {
  std::string text = "allow { config {";
  for (int i = 0; i < 1000; ++i) text += " dns: 'x'";
  EXPECT_EQ(Violations(text + "} }").size(), 16u);
}

TEST(VerdictCodec, NoVerdict_IsInvalid) {
  EXPECT_THAT(Violations("decision_id: 'd1'"), testing::ElementsAre("verdict"));
}

StreamTerms WithPendingAuth() {
  StreamTerms terms;
  terms.pending_auth = true;
  return terms;
}

TEST(VerdictCodec, PendingAuth_IsReadWithItsMethod) {
  const ovpn::Verdict page =
      Decode("pending_auth { web_auth_url: 'https://x' flags: 'hidden' timeout { seconds: 90 } }",
             WithPendingAuth());
  const ovpn::PendingAuth expected{.method = ovpn::PendingAuth::Method::kWebAuth,
                                   .text = "https://x",
                                   .flags = {"hidden"},
                                   .timeout = std::chrono::seconds(90)};
  EXPECT_EQ(std::get<ovpn::PendingAuth>(page), expected);
  const ovpn::Verdict question =
      Decode("pending_auth { challenge_text: 'code?' echo: true }", WithPendingAuth());
  EXPECT_EQ(std::get<ovpn::PendingAuth>(question).method, ovpn::PendingAuth::Method::kChallenge);
  EXPECT_TRUE(std::get<ovpn::PendingAuth>(question).echo);
}

TEST(VerdictCodec, PendingAuthWithoutMethodOrWithAnOddTimeout_IsInvalid) {
  EXPECT_THAT(Violations("pending_auth {}", WithPendingAuth()),
              testing::ElementsAre("pending_auth"));
  for (const char* timeout : {"seconds: -1", "seconds: 86401", "seconds: 1 nanos: 5"}) {
    EXPECT_THAT(
        Violations(absl::StrCat("pending_auth { challenge_text: 'x' timeout { ", timeout, " } }"),
                   WithPendingAuth()),
        testing::ElementsAre("pending_auth.timeout"));
  }
}

TEST(VerdictCodec, DynamicChallenge_IsReadWithTheDeny) {
  const auto deny = std::get<ovpn::Deny>(Decode(
      "deny { challenge { state_id: 's1' text: 'PIN?' echo: true response_optional: true } }"));
  EXPECT_EQ(deny.challenge, (ovpn::DynamicChallenge{"s1", "PIN?", true, false}));
}

TEST(VerdictCodec, PendingAuthNotSwitchedOn_IsInvalid) {
  EXPECT_THAT(Violations("pending_auth { challenge_text: 'code?' }"),
              testing::ElementsAre("pending_auth"));
  const ovpn::Verdict verdict = Decode("pending_auth { challenge_text: 'code?' }");
  EXPECT_THAT(std::get<ovpn::Failure>(verdict).detail,
              testing::HasSubstr("CAPABILITY_NOT_ENABLED"));
}

TEST(VerdictCodec, RawDirectives_NeedTheirCapability) {
  const std::string text = "allow { config { raw_directives: 'max-routes-per-client 5' } }";
  EXPECT_THAT(Violations(text), testing::ElementsAre("allow.config.raw_directives"));
  StreamTerms terms;
  terms.raw_directives = true;
  EXPECT_TRUE(Violations(text, terms).empty());
}

TEST(VerdictCodec, Deny_IsReadWithItsRetry) {
  const ovpn::Verdict verdict = Decode(
      "deny { reason: 'r' client_reason: 'c' code: 'K' retry { backoff { seconds: 30 } advance: "
      "true } }");
  const ovpn::Deny expected{"r", "c", "K", ovpn::RetryHint{std::chrono::seconds(30), true}};
  EXPECT_EQ(std::get<ovpn::Deny>(verdict), expected);
  const auto plain = std::get<ovpn::Deny>(Decode("deny {}"));
  EXPECT_FALSE(plain.retry.has_value());
  const auto defaulted = std::get<ovpn::Deny>(Decode("deny { retry {} }"));
  EXPECT_EQ(defaulted.retry->backoff, std::chrono::seconds(5));
}

TEST(VerdictCodec, RetryBackoffOutOfRange_IsInvalid) {
  for (const char* backoff : {"seconds: -1", "seconds: 86401", "seconds: 1 nanos: 5"}) {
    EXPECT_THAT(Violations(std::string("deny { retry { backoff { ") + backoff + " } } }"),
                testing::ElementsAre("deny.retry.backoff"));
  }
}

TEST(VerdictCodec, AbstainAndFailure_AreRead) {
  EXPECT_TRUE(std::holds_alternative<ovpn::Abstain>(Decode("abstain {}")));
  const ovpn::Verdict verdict = Decode("failure { status { message: 'database down' } }");
  EXPECT_EQ(std::get<ovpn::Failure>(verdict).cause, ovpn::FailureCause::kPolicyFailed);
  EXPECT_EQ(std::get<ovpn::Failure>(verdict).detail, "database down");
}

TEST(VerdictCodec, Annotations_AreSortedAndCut) {
  v1::Decision decision;
  for (int i = 0; i < 30; ++i) {
    (*decision.mutable_audit_annotations())[std::string(100, static_cast<char>('a' + i % 26)) +
                                            std::to_string(i)] = std::string(1000, 'v');
  }
  const auto annotations = AnnotationsFromProto(decision);
  EXPECT_EQ(annotations.size(), 16u);
  EXPECT_TRUE(std::is_sorted(annotations.begin(), annotations.end()));
  EXPECT_EQ(annotations[0].first.size(), 64u);
  EXPECT_EQ(annotations[0].second.size(), 256u);
}

TEST(VerdictCodec, PoolAndLimits_AreRead) {
  const ovpn::Verdict verdict = Decode(R"(
      allow {
        config { address_pool: "staff" }
        limits { max_duration { seconds: 28800 } max_sessions: 2 excess: EXCESS_END_OLDEST }
      })");
  ASSERT_TRUE(std::holds_alternative<ovpn::Allow>(verdict));
  const auto& allow = std::get<ovpn::Allow>(verdict);
  EXPECT_EQ(allow.config.address_pool, "staff");
  EXPECT_EQ(allow.limits, (ovpn::SessionLimits{std::chrono::hours(8), 2,
                                               ovpn::SessionLimits::Excess::kEndOldest}));
}

TEST(VerdictCodec, LimitsThatCannotBe_AreNamed) {
  using ::testing::ElementsAre;
  for (const char* const duration :
       {"{}", "{ seconds: 1 nanos: 1 }", "{ seconds: -5 }", "{ seconds: 31536001 }"}) {
    EXPECT_THAT(Violations(absl::StrCat("allow { limits { max_duration ", duration, " } }")),
                ElementsAre("allow.limits.max_duration"))
        << duration;
  }
  EXPECT_THAT(Violations("allow { limits { excess: 77 } }"), ElementsAre("allow.limits.excess"));
}

}  // namespace
}  // namespace ovpnbroker::policy
