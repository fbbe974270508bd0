// What a recording keeps of a verdict is read back as the same verdict.
#include "policy/stream/verdict_encoder.h"

#include <gtest/gtest.h>

#include "policy/stream/verdict_codec.h"

namespace ovpnbroker::policy {
namespace {

ovpn::IpAddress Address(const char* text) { return ovpn::IpAddress::Parse(text).value(); }
ovpn::IpPrefix Prefix(const char* text) { return ovpn::IpPrefix::Parse(text).value(); }

// With everything that a policy may switch on.
ovpn::Verdict ThereAndBack(const ovpn::Verdict& verdict) {
  StreamTerms terms;
  terms.raw_directives = true;
  terms.pending_auth = true;
  return VerdictFromProto(VerdictToProto(verdict), terms);
}

TEST(VerdictEncoder, WholeAllow_ReadsBackTheSame) {
  ovpn::Allow allow;
  allow.config.ifconfig_push = {Address("10.8.0.20"), Address("255.255.255.0")};
  allow.config.ifconfig_ipv6_push = {Address("fd00::20"), 112, Address("fd00::1")};
  allow.config.routes = {{Prefix("192.168.0.0/16"), Address("10.8.0.1"), 0},
                         {Prefix("fd01::/64"), std::nullopt, std::nullopt}};
  allow.config.iroutes = {Prefix("192.168.50.0/24")};
  allow.config.dns = {Address("10.8.0.1"), Address("fd00::1")};
  allow.config.search_domains = {"example.org"};
  allow.config.redirect_gateway = {{"def1", "!ipv4"}};
  allow.config.push_reset = true;
  allow.config.push_remove = {"route"};
  allow.config.push_options = {"ping 10"};
  allow.config.raw_directives = {"push-continuation 2"};
  allow.limits = {std::chrono::hours(8), 2, ovpn::SessionLimits::Excess::kEndOldest};
  EXPECT_EQ(ThereAndBack(allow), ovpn::Verdict(allow));
}

TEST(VerdictEncoder, Pool_ReadsBackTheSame) {
  ovpn::Allow allow;
  allow.config.address_pool = "staff";
  EXPECT_EQ(ThereAndBack(allow), ovpn::Verdict(allow));
}

TEST(VerdictEncoder, Denies_ReadBackTheSame) {
  const ovpn::Deny plain{"left", "Call us.", "LEFT"};
  EXPECT_EQ(ThereAndBack(plain), ovpn::Verdict(plain));
  ovpn::Deny retry;
  retry.retry = {std::chrono::seconds(0), true};
  EXPECT_EQ(ThereAndBack(retry), ovpn::Verdict(retry));
  ovpn::Deny question;
  question.challenge = {"state-1", "PIN?", true, false};
  EXPECT_EQ(ThereAndBack(question), ovpn::Verdict(question));
}

TEST(VerdictEncoder, TheRest_ReadsBackTheSame) {
  EXPECT_EQ(ThereAndBack(ovpn::Abstain()), ovpn::Verdict(ovpn::Abstain()));
  const ovpn::Failure failure{ovpn::FailureCause::kPolicyFailed, "LDAP is down", {}};
  EXPECT_EQ(ThereAndBack(failure), ovpn::Verdict(failure));
  const ovpn::PendingAuth page{ovpn::PendingAuth::Method::kWebAuth,
                               "https://example.org/",
                               {"external"},
                               false,
                               std::chrono::seconds(60)};
  EXPECT_EQ(ThereAndBack(page), ovpn::Verdict(page));
  const ovpn::PendingAuth question{ovpn::PendingAuth::Method::kChallenge, "Code?", {}, true};
  EXPECT_EQ(ThereAndBack(question), ovpn::Verdict(question));
}

TEST(VerdictEncoder, NotUtf8_IsMadeSo) {
  EXPECT_EQ(VerdictToProto(ovpn::Deny{"\xff"}).deny().reason(), "\xef\xbf\xbd");
}

}  // namespace
}  // namespace ovpnbroker::policy
