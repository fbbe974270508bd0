// Every way known to break out of an argument, a line or a block, tried against each field that
// takes text. What each does to OpenVPN 2.6.14 when it gets through was seen on the real binary.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "ovpn/management/client_auth_block.h"
#include "ovpn/management/command.h"
#include "tests/support/make_deny.h"
#include "tests/support/openvpn_reader.h"

namespace ovpnbroker::ovpn {
namespace {

using test::MakeDeny;
using testing::Contains;
using testing::Each;

struct Injection {
  std::string text;
  std::string effect;  // if it were sent as it is
};

const std::vector<Injection>& LineInjections() {
  static const auto* const injections = new std::vector<Injection>{
      {"<foo>", "the server exits: end tag missing"},
      {"  <foo>", "the same, after blanks"},
      {"\"<foo>\"", "the same, quoted"},
      {"'<foo>'", "the same, in single quotes"},
      {"--<foo>", "the same, with dashes"},
      {"\"--<foo>\"", "the same, with both"},
      {"config /etc/passwd", "the file's lines appear in the log"},
      {"\"config\" /etc/passwd", "the same, quoted"},
      {"--config /etc/passwd", "the same, with dashes"},
      {"  'config' /etc/passwd", "the same, after blanks"},
      {"disable", "the client is rejected after it was allowed"},
      {"END", "the block ends, the rest runs as commands"},
      {std::string("E\x01ND"), "the same: the control byte is deleted first"},
      {"E\tND", "the same with a tab"},
      {"inactive 5\nEND\nkill bob", "commands after a line end"},
      {"inactive 5\r\nEND", "the same with CR"},
      {std::string("inactive\0 5", 11), "NUL is deleted"},
      {"inactive 5\x7f", "DEL is deleted"},
      {"# " + std::string(255, 'x') + "disable", "from byte 258 on it is another option"},
      {"inactive \"5", "dropped, and the client admitted without it"},
      {"inactive '5", "the same"},
      {"inactive 5\\", "the same"},
      {"inactive C:\\x", "the same"},
      {"setenv X y", "not allowed in a block: dropped"},
      {"up /bin/sh", "the same"},
      {"", "nothing"},
      {"# comment", "nothing"},
  };
  return *injections;
}

template <typename T>
std::vector<std::string> Fields(const Checked<T>& checked) {
  std::vector<std::string> fields;
  if (!checked.ok()) {
    for (const FieldViolation& violation : checked.violations()) fields.push_back(violation.field);
  }
  return fields;
}

TEST(Injection, RawDirective_IsRefusedByName) {
  // With all of it allowed that an operator can allow.
  const DirectivePolicy policy =
      DirectivePolicy::Make({"inactive", "push", "ifconfig-push", "vlan-pvid"}).value();
  for (const auto& [text, effect] : LineInjections()) {
    ClientConfig config;
    config.raw_directives = {"inactive 3600", text};
    EXPECT_THAT(Fields(ClientAuthBlock::Compile(config, policy)),
                Contains("allow.config.raw_directives[1]"))
        << text << ": " << effect;
  }
}

TEST(Injection, PushOption_IsRefusedOrOnlyAnOptionOfTheClient) {
  for (const auto& [text, effect] : LineInjections()) {
    ClientConfig config;
    config.push_options = {"ping 5", text};
    const auto block = ClientAuthBlock::Compile(config, DirectivePolicy());
    if (!block.ok()) {
      EXPECT_THAT(Fields(block), Each("allow.config.push_options[1]")) << text;
      continue;
    }
    // `config`, `END` and the like mean nothing to the server inside a push.
    const auto executed =
        test::RunAsOpenvpn(commands::ClientAuth(Cid{1}, Kid{1}, block.value()).value().bytes);
    ASSERT_EQ(executed.size(), 1U) << text;
    ASSERT_EQ(executed[0].body.size(), 2U) << text;
    EXPECT_EQ(executed[0].body[1][0], "push") << text;
    EXPECT_FALSE(executed[0].fatal) << text;
  }
}

TEST(Injection, PushOptionOutOfItsQuotes_StaysOneArgument) {
  for (const std::string text : {"setenv-safe X \"\\\" disable\"", "setenv-safe X '\" END \"'",
                                 "setenv-safe X \\\"", "setenv-safe X '\\'"}) {
    ClientConfig config;
    config.push_options = {text};
    const auto block = ClientAuthBlock::Compile(config, DirectivePolicy());
    ASSERT_TRUE(block.ok()) << text;
    const auto executed =
        test::RunAsOpenvpn(commands::ClientAuth(Cid{1}, Kid{1}, block.value()).value().bytes);
    ASSERT_EQ(executed.size(), 1U) << text;
    ASSERT_EQ(executed[0].body.size(), 1U) << text;
    ASSERT_EQ(executed[0].body[0].size(), 2U) << text;
    EXPECT_EQ(test::OpenvpnWords(executed[0].body[0][1]), test::OpenvpnWords(text)) << text;
  }
}

TEST(Injection, CommaInAPush_IsRefused) {
  for (const std::string text :
       {"setenv-safe X a,redirect-gateway", "setenv-safe X \"a,b\"", "setenv-safe,ping 5"}) {
    ClientConfig config;
    config.push_options = {text};
    EXPECT_THAT(Fields(ClientAuthBlock::Compile(config, DirectivePolicy())),
                Contains("allow.config.push_options[0]"))
        << text;
  }
}

const std::vector<std::string>& TextInjections() {
  static const auto* const texts = new std::vector<std::string>{
      "no\nsignal SIGTERM",
      "no\r\nsignal SIGTERM",
      "no\"\nkill bob\n\"",
      std::string("no\x01"),
      std::string("no\0", 3),
      "no\tno",
      "no\x7f",
      std::string(257, 'x'),
      std::string(1024, 'x') + "signal SIGTERM",
  };
  return *texts;
}

TEST(Injection, DenyReasons_AreRefusedByName) {
  for (const std::string& text : TextInjections()) {
    EXPECT_THAT(Fields(commands::ClientDeny(Cid{1}, Kid{1}, MakeDeny(text))),
                Contains("deny.reason"));
    EXPECT_THAT(Fields(commands::ClientDeny(Cid{1}, Kid{1}, MakeDeny("", text))),
                Contains("deny.client_reason"));
    EXPECT_THAT(Fields(commands::ClientDeny(Cid{1}, Kid{1}, MakeDeny("", text, RetryHint()))),
                Contains("deny.client_reason"));
  }
}

TEST(Injection, ReasonOutOfItsQuotes_StaysOneArgument) {
  for (const std::string text : {"no\" \"yes", "no\\", "no\\\"", "\"", "\\", "no' 'yes", "# no"}) {
    const auto deny = commands::ClientDeny(Cid{1}, Kid{1}, MakeDeny(text, text));
    ASSERT_TRUE(deny.ok()) << text;
    const auto executed = test::RunAsOpenvpn(deny.value().bytes);
    ASSERT_EQ(executed.size(), 1U) << text;
    EXPECT_EQ(executed[0].words, (std::vector<std::string>{"client-deny", "1", "1", text, text}));
  }
}

TEST(Injection, KillMessage_IsRefused) {
  for (const std::string& text : TextInjections()) {
    EXPECT_FALSE(commands::ClientKill(Cid{1}, KillDisposition::kHalt, text).ok());
  }
}

TEST(Injection, SearchDomain_IsRefusedByName) {
  for (const auto& [text, effect] : LineInjections()) {
    if (text == "disable" || text == "END") continue;  // host names as good as any
    ClientConfig config;
    config.search_domains = {text};
    EXPECT_THAT(Fields(ClientAuthBlock::Compile(config, DirectivePolicy())),
                Contains("allow.config.search_domains[0]"))
        << text;
  }
}

}  // namespace
}  // namespace ovpnbroker::ovpn
