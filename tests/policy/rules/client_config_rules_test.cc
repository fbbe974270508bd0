// What stands under `allow:` becomes a ClientConfig.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/rules/rule_parser.h"
#include "tests/support/source_dir.h"

namespace ovpnbroker::policy {
namespace {

ovpn::IpAddress Ip(absl::string_view text) { return *ovpn::IpAddress::Parse(text); }
ovpn::IpPrefix Prefix(absl::string_view text) { return *ovpn::IpPrefix::Parse(text); }

// The config of one rule with this `allow:` (flow style).
ovpn::ClientConfig ConfigOf(const std::string& allow) {
  const auto rules = ParseRules("rules: [{allow: " + allow + "}]", "test.yaml");
  EXPECT_TRUE(rules.ok()) << rules.status();
  return rules.ok() ? std::get<ovpn::Allow>((*rules)->rules()[0].effect).config
                    : ovpn::ClientConfig();
}

TEST(ClientConfigRules, EmptyAllow_IsAnEmptyConfig) {
  EXPECT_EQ(ConfigOf("{}"), ovpn::ClientConfig());
}

TEST(ClientConfigRules, IfconfigPush_TakesNetmaskOrRemote) {
  const ovpn::IfconfigPush subnet{Ip("10.8.0.2"), Ip("255.255.255.0")};
  EXPECT_EQ(ConfigOf("{ifconfig_push: {local: 10.8.0.2, netmask: 255.255.255.0}}").ifconfig_push,
            subnet);
  EXPECT_EQ(ConfigOf("{ifconfig_push: {local: 10.8.0.2, remote_or_netmask: 255.255.255.0}}")
                .ifconfig_push,
            subnet);
  const ovpn::IfconfigPush peer{Ip("10.8.0.6"), Ip("10.8.0.5")};
  EXPECT_EQ(ConfigOf("{ifconfig_push: {local: 10.8.0.6, remote: 10.8.0.5}}").ifconfig_push, peer);
}

TEST(ClientConfigRules, IfconfigIpv6Push_TakesTextOrMapping) {
  const ovpn::IfconfigIpv6Push plain{Ip("fd00::2"), 64, std::nullopt};
  EXPECT_EQ(ConfigOf("{ifconfig_ipv6_push: 'fd00::2/64'}").ifconfig_ipv6_push, plain);
  EXPECT_EQ(ConfigOf("{ifconfig_ipv6_push: {local: 'fd00::2'}}").ifconfig_ipv6_push, plain);
  const ovpn::IfconfigIpv6Push full{Ip("fd00::2"), 112, Ip("fd00::1")};
  EXPECT_EQ(
      ConfigOf("{ifconfig_ipv6_push: {local: 'fd00::2', prefix_length: 112, remote: 'fd00::1'}}")
          .ifconfig_ipv6_push,
      full);
}

TEST(ClientConfigRules, Routes_KeepTheirOrderAndParts) {
  const auto config = ConfigOf(
      "{routes: [10.20.0.0/16, {destination: 10.30.0.0/16, gateway: 10.8.0.1, metric: 50}, "
      "'fd00:1::/64']}");
  const std::vector<ovpn::Route> expected = {{Prefix("10.20.0.0/16"), std::nullopt, std::nullopt},
                                             {Prefix("10.30.0.0/16"), Ip("10.8.0.1"), 50},
                                             {Prefix("fd00:1::/64"), std::nullopt, std::nullopt}};
  EXPECT_EQ(config.routes, expected);
}

TEST(ClientConfigRules, RedirectGateway_TakesFlagsOrMapping) {
  const ovpn::RedirectGateway expected{{"def1", "!ipv4"}};
  EXPECT_EQ(ConfigOf("{redirect_gateway: [def1, '!ipv4']}").redirect_gateway, expected);
  EXPECT_EQ(ConfigOf("{redirect_gateway: {flags: [def1, '!ipv4']}}").redirect_gateway, expected);
  EXPECT_EQ(ConfigOf("{redirect_gateway: []}").redirect_gateway, ovpn::RedirectGateway());
}

TEST(ClientConfigRules, EverythingElse_IsTakenAsWritten) {
  const auto config = ConfigOf(
      "{iroutes: [192.168.50.0/24], dns: [10.8.0.1, 'fd00::1'], search_domains: [corp.example], "
      "push_reset: true, push_remove: [route], push_options: [block-outside-dns], "
      "raw_directives: ['max-routes-per-client 5']}");
  EXPECT_THAT(config.iroutes, testing::ElementsAre(Prefix("192.168.50.0/24")));
  EXPECT_THAT(config.dns, testing::ElementsAre(Ip("10.8.0.1"), Ip("fd00::1")));
  EXPECT_THAT(config.search_domains, testing::ElementsAre("corp.example"));
  EXPECT_TRUE(config.push_reset);
  EXPECT_THAT(config.push_remove, testing::ElementsAre("route"));
  EXPECT_THAT(config.push_options, testing::ElementsAre("block-outside-dns"));
  EXPECT_THAT(config.raw_directives, testing::ElementsAre("max-routes-per-client 5"));
}

TEST(ClientConfigRules, ExampleFile_IsValid) {
  const auto rules = LoadRules(test::SourceDir() + "/deploy/config/rules.example.yaml");
  ASSERT_TRUE(rules.ok()) << rules.status();
  EXPECT_EQ((*rules)->rules().size(), 6U);
}

}  // namespace
}  // namespace ovpnbroker::policy
