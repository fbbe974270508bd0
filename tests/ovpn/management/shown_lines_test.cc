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
  EXPECT_THAT(lines, ElementsAre("client-auth 3 1", "push \"auth-token [hidden]\"",
                                 "setenv-safe [hidden]", "push \"dhcp-option [hidden]\"", "END",
                                 "client-deny 3 1 \"why\" \"CRV1:[hidden]\"",
                                 "client-pending-auth [hidden]", "password [hidden]"));
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
