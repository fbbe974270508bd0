// A tool's lines: OpenVPN's lexer, what is answered, asked and refused. Replies of the table are
// those that OpenVPN 2.6.14 gave to the same lines.
#include "ovpn/management/tool_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "ovpn/base/overloaded.h"
#include "ovpn/management/tool_input.h"

namespace ovpnbroker::ovpn {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

// The steps of a line, one text each.
std::vector<std::string> Steps(absl::string_view line) {
  std::vector<std::string> texts;
  for (const ToolStep& step : ParseToolCommand(line, "OpenVPN 2.6.14").steps) {
    texts.push_back(std::visit(
        Overloaded{
            [](const TextStep& s) { return s.text; },
            [](const AskStep& s) {
              return absl::StrCat(s.command.multi_line_reply ? "ask lines " : "ask ",
                                  s.command.bytes);
            },
            [](const RealtimeStep& s) {
              return absl::StrCat(ToString(s.topic), s.on ? " on" : " off");
            },
            [](const ByteCountStep& s) { return absl::StrCat("bytecount ", s.interval.count()); },
            [](const StatusStep& s) { return absl::StrCat("status ", s.format); },
        },
        step));
  }
  return texts;
}

TEST(ToolCommand, Questions_AreBuiltAnew) {
  EXPECT_THAT(Steps("pid"), ElementsAre("ask pid\n"));
  EXPECT_THAT(Steps("load-stats extra words"), ElementsAre("ask load-stats\n"));
  EXPECT_THAT(Steps("nclients"), ElementsAre("ask nclients\n"));
  EXPECT_THAT(Steps("version"), ElementsAre("ask lines version\n"));
  EXPECT_THAT(Steps("hold"), ElementsAre("ask hold\n"));
  EXPECT_THAT(Steps("verb"), ElementsAre("ask verb\n"));
  EXPECT_THAT(Steps("mute"), ElementsAre("ask mute\n"));
  EXPECT_THAT(Steps("  \"log\"   'all' # comment"), ElementsAre("ask lines log all\n"));
}

TEST(ToolCommand, Histories_HaveUpToTwoSteps) {
  EXPECT_THAT(Steps("state"), ElementsAre("ask lines state 1\n"));
  EXPECT_THAT(Steps("state on"), ElementsAre("state on"));
  EXPECT_THAT(Steps("log on all more"), ElementsAre("log on", "ask lines log all\n"));
  EXPECT_THAT(Steps("echo off 7x"), ElementsAre("echo off", "ask lines echo 7\n"));
  EXPECT_THAT(Steps("log"),
              ElementsAre("ERROR: the 'log' command requires at least 1 parameter\r\n"));
  const std::string wrong =
      "ERROR: state parameter must be 'on' or 'off' or some number n or 'all'\r\n";
  EXPECT_THAT(Steps("state -1"), ElementsAre(wrong));
  EXPECT_THAT(Steps("state foo on"), ElementsAre(wrong, "state on"));
}

TEST(ToolCommand, HugeHistory_BecomesAll) {
  EXPECT_THAT(Steps("log 100000"), ElementsAre("ask lines log 100000\n"));
  EXPECT_THAT(Steps("log 100001"), ElementsAre("ask lines log all\n"));
  EXPECT_THAT(Steps("log 99999999999999999999"), ElementsAre("ask lines log all\n"));
}

TEST(ToolCommand, StatusAndByteCount_ReadNumbersAsOpenvpnDoes) {
  EXPECT_THAT(Steps("status"), ElementsAre("status 0"));
  EXPECT_THAT(Steps("status 3"), ElementsAre("status 3"));
  EXPECT_THAT(Steps("status x"), ElementsAre("status 0"));
  EXPECT_THAT(Steps("status 4"), ElementsAre("ERROR: bad status format version number\r\n"));
  EXPECT_THAT(Steps("status -1"), ElementsAre("ERROR: bad status format version number\r\n"));
  EXPECT_THAT(Steps("bytecount 5"), ElementsAre("bytecount 5"));
  EXPECT_THAT(Steps("bytecount x"), ElementsAre("bytecount 0"));
  EXPECT_THAT(Steps("bytecount"),
              ElementsAre("ERROR: the 'bytecount' command requires 1 parameter\r\n"));
}

TEST(ToolCommand, LinesWithoutReply_HaveNoSteps) {
  for (const absl::string_view line : {"", "   ", "# status", "; status", "version 3"}) {
    const ToolCommand command = ParseToolCommand(line, "");
    EXPECT_THAT(command.steps, IsEmpty()) << line;
    EXPECT_FALSE(command.quit) << line;
  }
  EXPECT_TRUE(ParseToolCommand("quit", "").quit);
  EXPECT_TRUE(ParseToolCommand("exit now", "").quit);
}

TEST(ToolCommand, WhatOpenvpnCannotRead_IsAnError) {
  for (const absl::string_view line : {"\"status", "status \\x", "status 'a"}) {
    EXPECT_THAT(Steps(line), ElementsAre(StartsWith("ERROR: Options error: "))) << line;
  }
  EXPECT_THAT(Steps(std::string(257, 'x')), ElementsAre(StartsWith("ERROR: Options error: ")));
  for (const absl::string_view line : {"nosuch", "STATUS", "\"\" status"}) {
    EXPECT_THAT(Steps(line),
                ElementsAre("ERROR: unknown command, enter 'help' for more options\r\n"))
        << line;
  }
}

TEST(ToolCommand, WhatDecidesKillsOrChanges_IsRefusedWithReason) {
  for (const absl::string_view line : {"client-auth-nt 0 1",
                                       "client-deny 0 1 x",
                                       "client-kill 0",
                                       "client-pending-auth 0 1 x 5",
                                       "kill alice",
                                       "signal SIGTERM",
                                       "hold release",
                                       "hold on",
                                       "hold off",
                                       "hold x",
                                       "env-filter",
                                       "env-filter 1",
                                       "username Auth a",
                                       "password Auth s3cret",
                                       "needok a ok",
                                       "needstr a b",
                                       "remote ACCEPT",
                                       "proxy NONE",
                                       "cr-response s3cret",
                                       "push-update-broad \"route 10.0.0.0\"",
                                       "push-update-cid 0 x",
                                       "verb 4",
                                       "mute 3",
                                       "auth-retry none",
                                       "forget-passwords",
                                       "test 5",
                                       "net",
                                       "rsa-sig",
                                       "pk-sig",
                                       "certificate",
                                       "pkcs11-id-count",
                                       "pkcs11-id-get 0",
                                       "remote-entry-count",
                                       "remote-entry-get all",
                                       "client-pf 0",
                                       "client-auth 0 1",
                                       "client-auth x y"}) {
    const ToolCommand command = ParseToolCommand(line, "");
    const std::string name(line.substr(0, line.find(' ')));
    EXPECT_EQ(command.refused, name);
    ASSERT_EQ(command.steps.size(), 1) << line;
    const std::string& text = std::get<TextStep>(command.steps.front()).text;
    EXPECT_THAT(text, AllOf(StartsWith(absl::StrCat("ERROR: the '", name, "' command is refused")),
                            HasSubstr("ovpn-brokerctl"), EndsWith("\r\n")));
    EXPECT_EQ(text.find("s3cret"), std::string::npos);
    EXPECT_EQ(command.body_follows, line == "client-auth 0 1") << line;
  }
}

TEST(ToolCommand, Help_NamesWhatIsServedOnly) {
  const std::string help = Steps("help me").front();
  EXPECT_THAT(help, AllOf(StartsWith("Management Interface for OpenVPN 2.6.14"),
                          HasSubstr("\r\nstatus [n] "), EndsWith("\r\nEND\r\n")));
  EXPECT_EQ(help.find("client-auth"), std::string::npos);
}

// All lines of `bytes`, fed in pieces of `chunk`.
std::vector<std::string> Lines(absl::string_view bytes, size_t chunk) {
  ToolInput input;
  for (size_t at = 0; at < bytes.size(); at += chunk) input.Append(bytes.substr(at, chunk));
  std::vector<std::string> lines;
  while (input.has_line()) {
    const ToolInput::Line line = input.Take();
    lines.push_back(line.overlong ? "(overlong)" : line.text);
  }
  return lines;
}

TEST(ToolInput, AnyChunking_GivesTheSameLines) {
  const std::string longest(ToolInput::kMaxLineBytes, 'a');
  const std::string bytes =
      absl::StrCat("status\t 3\r\npid\n\n", longest, "\n", longest, "b kill x\n",
                   absl::string_view("he\0lp\x7f\n", 7), "unfinished");
  for (const size_t chunk : {1, 2, 3, 7, 1000, 100000}) {
    EXPECT_THAT(Lines(bytes, chunk),
                ElementsAre("status 3", "pid", "", longest, "(overlong)", "help"))
        << chunk;
  }
}

}  // namespace
}  // namespace ovpnbroker::ovpn
