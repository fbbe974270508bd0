#include "ovpn/management/shown_lines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ovpnbroker::ovpn {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

TEST(ShownLines, TypedOptions_AreShownAsWritten) {
  EXPECT_THAT(ShownLines({{"client-auth",
                           "client-auth 3 1\nifconfig-push 10.8.0.2 255.255.255.0\n"
                           "push \"route 10.0.0.0 255.0.0.0\"\npush \"dhcp-option DNS 10.0.0.1\"\n"
                           "END\n"},
                          {"client-pending-auth", "client-pending-auth 3 1 \"\" 60\n"}}),
              ElementsAre("client-auth 3 1", "ifconfig-push 10.8.0.2 255.255.255.0",
                          "push \"route 10.0.0.0 255.0.0.0\"", "push \"dhcp-option DNS 10.0.0.1\"",
                          "END", "client-pending-auth 3 1 \"\" 60"));
}

TEST(ShownLines, TextThatMayBeSecret_ShowsItsOptionOnly) {
  const std::vector<std::string> lines =
      ShownLines({{"client-auth",
                   "client-auth 3 1\npush \"auth-token hunter2\"\nsetenv-safe KEY hunter2\n"
                   "push \"dhcp-option PROXY_HTTP hunter2\"\nEND\n"},
                  {"client-deny", "client-deny 3 1 \"why\" \"CRV1:R,E:hunter2:YWxpY2U=:PIN?\"\n"},
                  {"client-pending-auth",
                   "client-pending-auth 3 1 \"WEB_AUTH::https://example.com/hunter2\" 60\n"},
                  {"password", "hunter2\n"}});
  EXPECT_THAT(lines, testing::Each(Not(HasSubstr("hunter2"))));
  EXPECT_THAT(
      lines, ElementsAre("client-auth 3 1", "push \"auth-token [hidden]\"", "setenv-safe [hidden]",
                         "push \"dhcp-option [hidden]\"", "END",
                         "client-deny 3 1 \"why\" \"CRV1:[hidden]\"",
                         "client-pending-auth 3 1 \"WEB_AUTH::[hidden]\" 60", "password [hidden]"));
}

TEST(ShownLines, FurtherStep_ShowsTheWayAndTheTimeOnly) {
  const auto shown = [](const std::string& arguments) {
    return ShownLines({{"client-pending-auth", "client-pending-auth " + arguments + "\n"}}).at(0);
  };
  EXPECT_EQ(shown("3 1 \"CR_TEXT:R,E:Say \\\"x:y\\\"\" 62"),
            "client-pending-auth 3 1 \"CR_TEXT:R,E:[hidden]\" 62");
  EXPECT_EQ(shown("3 1 \"WEB_AUTH:hidden,proxy:https://a/?t=s\" 62"),
            "client-pending-auth 3 1 \"WEB_AUTH:hidden,proxy:[hidden]\" 62");
  EXPECT_EQ(shown("3 1 \"OPEN_URL:https://a/?t=s\" 62"),
            "client-pending-auth 3 1 \"OPEN_URL:[hidden]\" 62");
  for (const std::string odd : {"3 1 \"TOKEN:s:t\" 62", "3 1 \"CR_TEXT:s\" 62", "3 1 s", "3 \"s"}) {
    EXPECT_EQ(shown(odd), "client-pending-auth [hidden]") << odd;
  }
}

TEST(ShownLines, LongBlock_IsCutAndCounted) {
  std::string block = "client-auth 3 1\n";
  for (int i = 0; i < 100; ++i) block += "iroute 10.0.0.0 255.255.255.0\n";
  const std::vector<std::string> lines = ShownLines({{"client-auth", block + "END\n"}});
  EXPECT_EQ(lines.size(), kMaxShownLines + 1);
  EXPECT_EQ(lines.back(), "[38 more lines]");
}

}  // namespace
}  // namespace ovpnbroker::ovpn
