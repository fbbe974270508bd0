#include "ovpn/management/client_auth_block.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/command_properties.h"

namespace ovpnbroker::ovpn {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

IpAddress Address(absl::string_view text) { return IpAddress::Parse(text).value(); }
IpPrefix Prefix(absl::string_view text) { return IpPrefix::Parse(text).value(); }

std::vector<std::string> Lines(const ClientConfig& config) {
  const auto block = ClientAuthBlock::Compile(config, test::SomeRawDirectives());
  EXPECT_TRUE(block.ok()) << block.violations()[0].field << ": "
                          << block.violations()[0].description;
  return block.ok() ? block.value().lines() : std::vector<std::string>();
}

std::vector<IntendedAddress> Intended(const ClientConfig& config) {
  return ClientAuthBlock::Compile(config, DirectivePolicy()).value().intended_addresses();
}

// The fields that are refused, in order; empty when the block compiles.
std::vector<std::string> RefusedFields(const ClientConfig& config) {
  const auto block = ClientAuthBlock::Compile(config, test::SomeRawDirectives());
  std::vector<std::string> fields;
  if (!block.ok()) {
    for (const FieldViolation& violation : block.violations()) fields.push_back(violation.field);
  }
  return fields;
}

TEST(ClientAuthBlock, EmptyConfig_IsAPlainAccept) {
  const auto block = ClientAuthBlock::Compile(ClientConfig(), DirectivePolicy());
  ASSERT_TRUE(block.ok());
  EXPECT_TRUE(block.value().empty());
  EXPECT_THAT(block.value().intended_addresses(), IsEmpty());
}

TEST(ClientAuthBlock, EveryField_IsWrittenInTheOrderThatWorks) {
  ClientConfig config;
  config.ifconfig_push = IfconfigPush{Address("10.8.0.77"), Address("255.255.255.0")};
  config.ifconfig_ipv6_push = IfconfigIpv6Push{Address("fd00:8::77"), 64, Address("fd00:8::1")};
  config.routes = {{Prefix("10.20.0.0/16"), {}, {}}};
  config.iroutes = {Prefix("192.168.50.0/24"), Prefix("fd00:99::/48")};
  config.dns = {Address("10.8.0.1"), Address("fd00:8::1")};
  config.search_domains = {"corp.example.com"};
  config.redirect_gateway = RedirectGateway{{"def1", "ipv6", "!ipv4"}};
  config.push_reset = true;
  config.push_remove = {"dhcp-option", "route-"};
  config.push_options = {"topology subnet", "setenv-safe NOTE 'a \"b\" \\'"};
  config.raw_directives = {"--inactive 3600", "push \"ping 5\""};
  EXPECT_THAT(
      Lines(config),
      ElementsAre("push-reset", "push-remove dhcp-option", "push-remove route-", "inactive 3600",
                  "push \"ping 5\"", "ifconfig-push 10.8.0.77 255.255.255.0",
                  "ifconfig-ipv6-push fd00:8::77/64 fd00:8::1", "iroute 192.168.50.0 255.255.255.0",
                  "iroute-ipv6 fd00:99::/48", "push \"route 10.20.0.0 255.255.0.0\"",
                  "push \"dhcp-option DNS 10.8.0.1\"", "push \"dhcp-option DNS6 fd00:8::1\"",
                  "push \"dhcp-option DOMAIN-SEARCH corp.example.com\"",
                  "push \"redirect-gateway def1 ipv6 !ipv4\"", "push \"topology subnet\"",
                  R"(push "setenv-safe NOTE \"a \\\"b\\\" \\\\\"")"));
}

TEST(ClientAuthBlock, PushOfOneWord_HasNoQuotes) {
  ClientConfig config;
  config.redirect_gateway.emplace();
  config.push_options = {"block-outside-dns"};
  EXPECT_THAT(Lines(config), ElementsAre("push redirect-gateway", "push block-outside-dns"));
}

TEST(ClientAuthBlock, Routes_TakeGatewayAndMetric) {
  ClientConfig config;
  config.routes = {{Prefix("10.1.0.0/16"), {}, 5},
                   {Prefix("10.2.0.0/16"), Address("10.8.0.9"), {}},
                   {Prefix("10.3.0.1/32"), Address("10.8.0.9"), 0},
                   {Prefix("fd00:1::/32"), {}, {}},
                   {Prefix("fd00:2::/32"), Address("fd00::9"), {}},
                   {Prefix("::/0"), Address("fd00::9"), 9999}};
  EXPECT_THAT(Lines(config), ElementsAre("push \"route 10.1.0.0 255.255.0.0 vpn_gateway 5\"",
                                         "push \"route 10.2.0.0 255.255.0.0 10.8.0.9\"",
                                         "push \"route 10.3.0.1 255.255.255.255 10.8.0.9 0\"",
                                         "push \"route-ipv6 fd00:1::/32\"",
                                         "push \"route-ipv6 fd00:2::/32 fd00::9\"",
                                         "push \"route-ipv6 ::/0 fd00::9 9999\""));
}

TEST(ClientAuthBlock, IntendedAddresses_AreInOpenvpnsText) {
  ClientConfig config;
  config.ifconfig_push = IfconfigPush{Address("10.0.0.2"), Address("255.255.255.0")};
  config.ifconfig_ipv6_push = IfconfigIpv6Push{Address("FD00:0::99"), 64, {}};
  config.iroutes = {Prefix("192.168.50.0/24"), Prefix("192.168.60.1"), Prefix("fd00:99::/48"),
                    Prefix("fd00:98::1")};
  EXPECT_THAT(Intended(config),
              ElementsAre(IntendedAddress{"10.0.0.2", true}, IntendedAddress{"fd00::99", true},
                          IntendedAddress{"192.168.50.0/255.255.255.0", false},
                          IntendedAddress{"192.168.60.1/255.255.255.255", false},
                          IntendedAddress{"fd00:99::/48", false},
                          IntendedAddress{"fd00:98::1/128", false}));
}

TEST(ClientAuthBlock, WrongAddressFamilies_AreNamed) {
  ClientConfig config;
  config.ifconfig_push = IfconfigPush{Address("fd00::1"), Address("fd00::2")};
  config.ifconfig_ipv6_push = IfconfigIpv6Push{Address("10.0.0.1"), 64, Address("10.0.0.2")};
  config.routes = {{Prefix("10.1.0.0/16"), Address("fd00::1"), {}},
                   {Prefix("fd00::/64"), Address("10.0.0.1"), {}}};
  EXPECT_THAT(
      RefusedFields(config),
      ElementsAre("allow.config.ifconfig_push.local",
                  "allow.config.ifconfig_push.remote_or_netmask",
                  "allow.config.ifconfig_ipv6_push.local", "allow.config.ifconfig_ipv6_push.remote",
                  "allow.config.routes[0].gateway", "allow.config.routes[1].gateway"));
}

TEST(ClientAuthBlock, AddressesThatOpenvpnTakesForNone_AreRefused) {
  ClientConfig config;
  config.ifconfig_push = IfconfigPush{Address("0.0.0.0"), Address("255.255.255.0")};
  config.ifconfig_ipv6_push = IfconfigIpv6Push{Address("::"), 64, {}};
  config.iroutes = {Prefix("::ffff:10.0.0.0/104")};
  EXPECT_THAT(RefusedFields(config),
              ElementsAre("allow.config.ifconfig_push.local",
                          "allow.config.ifconfig_ipv6_push.local", "allow.config.iroutes[0]"));
}

TEST(ClientAuthBlock, Ipv6PrefixLength_IsWhatClientsAccept) {
  for (const int length : {-1, 0, 63, 125, 128, 129}) {
    ClientConfig config;
    config.ifconfig_ipv6_push = IfconfigIpv6Push{Address("fd00::2"), length, {}};
    EXPECT_THAT(RefusedFields(config), ElementsAre("allow.config.ifconfig_ipv6_push.prefix_length"))
        << length;
  }
  for (const int length : {64, 124}) {
    ClientConfig config;
    config.ifconfig_ipv6_push = IfconfigIpv6Push{Address("fd00::2"), length, {}};
    EXPECT_THAT(RefusedFields(config), IsEmpty()) << length;
  }
}

TEST(ClientAuthBlock, RouteMetrics_AreChecked) {
  ClientConfig config;
  config.routes = {{Prefix("10.1.0.0/16"), {}, 10'000}, {Prefix("fd00::/64"), {}, 5}};
  EXPECT_THAT(RefusedFields(config),
              ElementsAre("allow.config.routes[0].metric", "allow.config.routes[1].metric"));
}

TEST(ClientAuthBlock, SearchDomains_AreHostNames) {
  ClientConfig config;
  config.search_domains = {"example.com", "_tcp.example", "a b", "a..b", "",
                           ".a",          "a.",           "-a",  "a-",   "a,b"};
  EXPECT_THAT(RefusedFields(config),
              ElementsAre("allow.config.search_domains[2]", "allow.config.search_domains[3]",
                          "allow.config.search_domains[4]", "allow.config.search_domains[5]",
                          "allow.config.search_domains[6]", "allow.config.search_domains[7]",
                          "allow.config.search_domains[8]", "allow.config.search_domains[9]"));
  config.search_domains = {std::string(63, 'a') + ".b", std::string(64, 'a') + ".b"};
  EXPECT_THAT(RefusedFields(config), ElementsAre("allow.config.search_domains[1]"));
}

TEST(ClientAuthBlock, MoreThanClientsTake_IsRefused) {
  ClientConfig config;
  config.dns.assign(5, Address("10.8.0.1"));
  config.dns.push_back(Address("fd00::1"));
  config.search_domains.assign(11, "example.com");
  EXPECT_THAT(RefusedFields(config),
              ElementsAre("allow.config.dns[4]", "allow.config.search_domains[10]"));
}

TEST(ClientAuthBlock, RedirectGatewayFlags_AreAClosedList) {
  ClientConfig config;
  config.redirect_gateway = RedirectGateway{{"def1", "def2", "DEF1", "def1", "", "ipv6 x"}};
  EXPECT_THAT(RefusedFields(config), ElementsAre("allow.config.redirect_gateway.flags[1]",
                                                 "allow.config.redirect_gateway.flags[2]",
                                                 "allow.config.redirect_gateway.flags[3]",
                                                 "allow.config.redirect_gateway.flags[4]",
                                                 "allow.config.redirect_gateway.flags[5]"));
  config.redirect_gateway = RedirectGateway{};
  EXPECT_THAT(Lines(config), ElementsAre("push redirect-gateway"));
}

TEST(ClientAuthBlock, PushRemove_TakesPrefixesOfOptions) {
  ClientConfig config;
  config.push_remove = {"route 10.0.0.0", "", " route", "<x>", "a\nb", std::string(257, 'a')};
  EXPECT_THAT(RefusedFields(config),
              ElementsAre("allow.config.push_remove[1]", "allow.config.push_remove[2]",
                          "allow.config.push_remove[3]", "allow.config.push_remove[4]",
                          "allow.config.push_remove[5]"));
  config.push_remove = {"ifconfig"};
  EXPECT_THAT(RefusedFields(config), IsEmpty());
  config.ifconfig_push = IfconfigPush{Address("10.0.0.2"), Address("255.255.255.0")};
  EXPECT_THAT(RefusedFields(config), ElementsAre("allow.config.push_remove[0]"));
}

TEST(ClientAuthBlock, RawPush_IsCheckedAsAPushOption) {
  ClientConfig config;
  config.raw_directives = {"push \"ping 5\" extra", "push", "push \"ping 5,ping-exit 1\"",
                           "push 'setenv-safe X \"'"};
  EXPECT_THAT(RefusedFields(config),
              ElementsAre("allow.config.raw_directives[0]", "allow.config.raw_directives[1]",
                          "allow.config.raw_directives[2]", "allow.config.raw_directives[3]"));
}

TEST(ClientAuthBlock, LineLength_CountsQuotesAndEscapes) {
  // push "setenv-safe X <value>" has 22 bytes besides the value.
  ClientConfig config;
  config.push_options = {"setenv-safe X " + std::string(kMaxBodyLineBytes - 21, 'x')};
  ASSERT_THAT(Lines(config), ElementsAre(testing::SizeIs(kMaxBodyLineBytes)));
  config.push_options[0] += 'x';
  EXPECT_THAT(RefusedFields(config), ElementsAre("allow.config.push_options[0]"));
  config.push_options = {"setenv-safe X '" + std::string(100, '"') + "'"};
  EXPECT_THAT(RefusedFields(config), ElementsAre("allow.config.push_options[0]"));
}

TEST(ClientAuthBlock, TooMuchInAll_RefusesTheConfig) {
  ClientConfig config;
  config.routes.assign(1000, {Prefix("100.100.100.0/24"), {}, {}});
  EXPECT_THAT(RefusedFields(config), IsEmpty()) << "1,000 routes fit";
  config.routes.assign(kMaxBodyLines + 1, {Prefix("10.0.0.0/24"), {}, {}});
  EXPECT_THAT(RefusedFields(config), ElementsAre("allow.config"));
  config.routes.clear();
  config.push_options.assign(kMaxPushBytes / 200, "setenv-safe X " + std::string(200, 'x'));
  EXPECT_THAT(RefusedFields(config), ElementsAre("allow.config"));
}

}  // namespace
}  // namespace ovpnbroker::ovpn
