#include "ovpn/base/openvpn_words.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace ovpnbroker::ovpn {
namespace {

using Words = std::vector<std::string>;

TEST(SplitOpenvpnLine, Lines_SplitAsOpenvpnSplitsThem) {
  const struct {
    const char* line;
    Words words;
  } cases[] = {
      {"", {}},
      {"\n", {}},
      {"# comment", {}},
      {"  ; comment", {}},
      {"dev tun", {"dev", "tun"}},
      {"\tdev \t tun \r\n", {"dev", "tun"}},
      {"dev tun # comment", {"dev", "tun"}},
      {"dev tun#0", {"dev", "tun#0"}},
      {"push \"route 10.0.0.0\"", {"push", "route 10.0.0.0"}},
      {"push 'a \"b\" \\ c'", {"push", "a \"b\" \\ c"}},
      {R"(push "a \"b\" \\ c")", {"push", R"(a "b" \ c)"}},
      {R"(cd /my\ files)", {"cd", "/my files"}},
      {"\"a\"b", {"a", "b"}},
      {"it's fine", {"it's", "fine"}},
      {"x \"\"", {"x", ""}},
      {R"(\"x)", {"\"x"}},
      {"bar\\\n", {"bar\n"}},
  };
  for (const auto& c : cases) {
    const auto words = SplitOpenvpnLine(c.line);
    ASSERT_TRUE(words.ok()) << c.line << ": " << words.status();
    EXPECT_EQ(words->words, c.words) << c.line;
  }
}

TEST(SplitOpenvpnLine, WhatOpenvpnRefuses_IsInvalid) {
  for (const std::string& line :
       {std::string("push \"x"), std::string("push 'x"), std::string("c:\\temp"),
        std::string("a \"\\x\""), std::string("x\\"), std::string("x ") + std::string(257, 'y')}) {
    EXPECT_TRUE(absl::IsInvalidArgument(SplitOpenvpnLine(line).status())) << line;
  }
}

TEST(SplitOpenvpnLine, MoreThanSixteenWords_TheRestIsDropped) {
  const auto split = SplitOpenvpnLine("1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 \"18");
  ASSERT_TRUE(split.ok());
  EXPECT_EQ(split->words.size(), kMaxOpenvpnWords);
  EXPECT_EQ(split->words.back(), "16");
  EXPECT_EQ(split->dropped, "17 \"18");
}

TEST(SplitOpenvpnLine, SixteenWordsAndAComment_DropNothing) {
  const auto split = SplitOpenvpnLine("1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 \"16\" # comment\n");
  ASSERT_TRUE(split.ok());
  EXPECT_EQ(split->words.size(), kMaxOpenvpnWords);
  EXPECT_EQ(split->dropped, "");
}

TEST(SplitOpenvpnLine, BackslashAfterTheLastWord_IsDropped) {
  const auto split = SplitOpenvpnLine("push x \\");
  ASSERT_TRUE(split.ok());
  EXPECT_EQ(split->words, (Words{"push", "x"}));
  EXPECT_EQ(split->dropped, "\\");
}

TEST(SplitOpenvpnLine, LongestWord_IsAccepted) {
  EXPECT_TRUE(SplitOpenvpnLine(std::string(256, 'y')).ok());
}

}  // namespace
}  // namespace ovpnbroker::ovpn
