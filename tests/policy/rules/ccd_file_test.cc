// Lines of a client-config-dir file become a ClientConfig, or an error with their place.
#include "policy/rules/ccd_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_split.h"

namespace ovpnbroker::policy {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

ovpn::IpAddress Ip(absl::string_view text) { return *ovpn::IpAddress::Parse(text); }
ovpn::IpPrefix Prefix(absl::string_view text) { return *ovpn::IpPrefix::Parse(text); }

ovpn::ClientConfig ConfigOf(absl::string_view text) {
  std::vector<RuleError> errors;
  const CcdFile file = ParseCcdFile(text, "ccd/alice", errors);
  EXPECT_THAT(errors, IsEmpty()) << FormatRuleErrors(errors, "");
  return std::get<ovpn::Allow>(file.effect).config;
}

std::vector<std::string> ErrorsOf(absl::string_view text) {
  std::vector<RuleError> errors;
  ParseCcdFile(text, "alice", errors);
  if (errors.empty()) return {};
  return absl::StrSplit(FormatRuleErrors(errors, ""), '\n');
}

TEST(CcdFile, EmptyFileAndComments_AllowPlainly) {
  EXPECT_EQ(ConfigOf(""), ovpn::ClientConfig());
  EXPECT_EQ(ConfigOf("\xef\xbb\xbf# nothing\r\n\r\n  ; push x\n"), ovpn::ClientConfig());
}

TEST(CcdFile, Addresses_AreTyped) {
  const auto config = ConfigOf(
      "ifconfig-push 10.8.0.5 255.255.255.0\r\n"
      "--ifconfig-ipv6-push fd00:8::5/64 fd00:8::1  # the server's end\n");
  const ovpn::IfconfigPush v4{Ip("10.8.0.5"), Ip("255.255.255.0")};
  const ovpn::IfconfigIpv6Push v6{Ip("fd00:8::5"), 64, Ip("fd00:8::1")};
  EXPECT_EQ(config.ifconfig_push, v4);
  EXPECT_EQ(config.ifconfig_ipv6_push, v6);
}

TEST(CcdFile, Iroutes_KeepTheirOrder) {
  EXPECT_THAT(
      ConfigOf("iroute 192.168.50.0 255.255.255.0\niroute 10.1.2.3\n"
               "iroute-ipv6 fd00:50::/64")
          .iroutes,
      ElementsAre(Prefix("192.168.50.0/24"), Prefix("10.1.2.3/32"), Prefix("fd00:50::/64")));
}

TEST(CcdFile, PushedRoutes_AreTyped) {
  const std::vector<ovpn::Route> expected = {{Prefix("10.20.0.0/16"), std::nullopt, std::nullopt},
                                             {Prefix("10.30.0.1/32"), std::nullopt, std::nullopt},
                                             {Prefix("10.40.0.0/16"), Ip("10.8.0.1"), 50},
                                             {Prefix("10.50.0.0/16"), std::nullopt, 7},
                                             {Prefix("fd00:20::/48"), Ip("fd00:8::1"), 7}};
  EXPECT_EQ(ConfigOf("push \"route 10.20.0.0 255.255.0.0\"\n"
                     "push 'route 10.30.0.1'\n"
                     "push \"route 10.40.0.0 255.255.0.0 10.8.0.1 50\"\n"
                     "push \"route 10.50.0.0 255.255.0.0 vpn_gateway 7\"\n"
                     "push \"route-ipv6 fd00:20::/48 fd00:8::1 7\"\n")
                .routes,
            expected);
}

TEST(CcdFile, OtherPushes_GoToTheirFieldsOrAsTheyStand) {
  const auto config = ConfigOf(
      "push \"dhcp-option DNS 10.8.0.1\"\npush \"dhcp-option DNS6 fd00::1\"\n"
      "push \"dhcp-option DOMAIN-SEARCH corp.example\"\npush \"dhcp-option WINS 10.8.0.2\"\n"
      "push \"redirect-gateway def1\"\npush \"redirect-gateway def1 ipv6\"\n"
      "push \"route 10.0.0.0 255.0.0.0 net_gateway\"\npush block-outside-dns\n");
  EXPECT_THAT(config.dns, ElementsAre(Ip("10.8.0.1"), Ip("fd00::1")));
  EXPECT_THAT(config.search_domains, ElementsAre("corp.example"));
  EXPECT_THAT(config.redirect_gateway->flags, ElementsAre("def1", "ipv6"));
  EXPECT_THAT(config.push_options,
              ElementsAre("dhcp-option WINS 10.8.0.2", "route 10.0.0.0 255.0.0.0 net_gateway",
                          "block-outside-dns"));
}

TEST(CcdFile, ResetAndRemove_StandBeforeWhatIsPushed) {
  const auto config = ConfigOf("push-reset\npush-remove \"route 10.\"\npush \"route 10.0.0.1\"\n");
  EXPECT_TRUE(config.push_reset);
  EXPECT_THAT(config.push_remove, ElementsAre("route 10."));
  EXPECT_THAT(
      ErrorsOf("push \"topology subnet\"\npush-reset\npush-remove dhcp\npush-remove topo\n"),
      ElementsAre("alice:2: push-reset: OpenVPN drops with it what line 1 pushes; move it to "
                  "the top, or remove the pushes before it",
                  "alice:4: push-remove: OpenVPN removes with it what line 1 pushes; move it "
                  "to the top, or remove that line"));
}

TEST(CcdFile, Disable_DeniesAndTheOtherLinesAreCheckedAllTheSame) {
  std::vector<RuleError> errors;
  const CcdFile file = ParseCcdFile("iroute 10.0.0.0 255.0.0.0\ndisable\n", "ccd/bob", errors);
  EXPECT_THAT(errors, IsEmpty());
  EXPECT_EQ(std::get<ovpn::Deny>(file.effect).reason, "disabled in ccd/bob");
  EXPECT_EQ(std::get<ovpn::Deny>(file.effect).code, "disabled");
  EXPECT_THAT(ErrorsOf("disable\niroute x\n"), ElementsAre(HasSubstr("alice:2: iroute: 'x'")));
}

struct BadLine {
  const char* line;
  const char* error;
};

class CcdBadLine : public testing::TestWithParam<BadLine> {};

TEST_P(CcdBadLine, IsRefusedWithItsPlace) {
  EXPECT_THAT(ErrorsOf(std::string("# first\n") + GetParam().line + "\n"),
              ElementsAre(HasSubstr(std::string("alice:2: ") + GetParam().error)));
}

INSTANTIATE_TEST_SUITE_P(
    Lines, CcdBadLine,
    testing::Values(
        BadLine{"comp-lzo no", "comp-lzo: is not carried over; put it into the server's"},
        BadLine{"irout 10.0.0.0",
                "irout: is not carried over; put it into the server's "
                "configuration, or write this client as a rule with "
                "raw_directives; did you mean 'iroute'?"},
        BadLine{"config other", "config: other files are not read"},
        BadLine{"ifconfig-push 10.8.0.5", "ifconfig-push: expected: ifconfig-push ADDRESS NETMASK"},
        BadLine{"ifconfig-push 10.8.0.5 255.0.0.0 10.8.0.6", "ifconfig-push: the alias"},
        BadLine{"ifconfig-push alice.example 255.0.0.0", "ifconfig-push: 'alice.example' is not"},
        BadLine{"ifconfig-ipv6-push fd00::1", "ifconfig-ipv6-push: expected an address and"},
        BadLine{"iroute 10.0.0.1 255.0.0.0", "iroute: host bits are set beyond /8"},
        BadLine{"iroute 10.0.0.0 8", "iroute: '8' is not an IPv4 address"},
        BadLine{"iroute-ipv6 10.0.0.0/8", "iroute-ipv6: needs an IPv6 network"},
        BadLine{"push route 10.0.0.0", "push: expected: push \"OPTION ...\" (one argument"},
        BadLine{"push ''", "push: push names no option"},
        BadLine{"push \"route 10.0.0.0 24\"", "push: the netmask of a route must be like"},
        BadLine{"push \"route 10.0.0.0 255.0.0.0 default x\"", "push: the metric of a route"},
        BadLine{"push \"dhcp-option DNS6 10.0.0.1\"", "push: DNS6 needs an IPv6 address"},
        BadLine{"push \"route 10.0.0.0", "no closing double quote"},
        BadLine{"iroute 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16",
                "iroute: OpenVPN reads 16 words"}));

TEST(CcdFile, DirectiveTwice_IsRefused) {
  EXPECT_THAT(ErrorsOf("ifconfig-push 10.8.0.5 255.0.0.0\nifconfig-push 10.8.0.6 255.0.0.0\n"),
              ElementsAre("alice:2: ifconfig-push: is given twice; OpenVPN takes the last one, so "
                          "remove the others"));
}

TEST(CcdFile, LineThatOpenvpnCannotRead_IsRefused) {
  EXPECT_THAT(ErrorsOf("#" + std::string(kMaxCcdLineBytes - 2, 'x') + "\n"), IsEmpty());
  EXPECT_THAT(ErrorsOf("#" + std::string(kMaxCcdLineBytes - 1, 'x') + "\n"),
              ElementsAre(HasSubstr("alice:1: the line has more than 255 bytes")));
  EXPECT_THAT(ErrorsOf(absl::string_view("push \0x\n", 8)),
              ElementsAre(HasSubstr("alice:1: the line has a NUL byte")));
}

TEST(CcdFile, Origin_FindsTheLineOfAField) {
  std::vector<RuleError> errors;
  CcdFile file = ParseCcdFile("\npush a\npush \"route 10.0.0.1\"\npush b\n", "ccd/alice", errors);
  const Rule rule{"alice", RuleMatch(), file.effect, file.origin};
  EXPECT_EQ(rule.PlaceOf("ccd", "allow.config.push_options[1]"), "ccd/alice:4");
  EXPECT_EQ(rule.PlaceOf("ccd", "allow.config.routes[0].gateway"), "ccd/alice:3");
  EXPECT_EQ(rule.PlaceOf("ccd", "allow.config"), "ccd/alice");
  const Rule other{"staff", RuleMatch(), ovpn::Allow()};
  EXPECT_EQ(other.PlaceOf("r.yaml", "allow.config.dns[0]"), "r.yaml: rule 'staff'");
}

}  // namespace
}  // namespace ovpnbroker::policy
