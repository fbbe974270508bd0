#include "ovpn/management/option_words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "ovpn/management/text_argument.h"
#include "tests/support/openvpn_reader.h"
#include "tests/support/status_matchers.h"

namespace ovpnbroker::ovpn {
namespace {

using test::IsOkAndHolds;
using test::OpenvpnWords;
using test::StatusIs;
using testing::HasSubstr;

using Words = std::vector<std::string>;

TEST(SplitOptionLine, ValidLines_GiveOpenvpnsWords) {
  const std::vector<std::pair<std::string, Words>> cases = {
      {"", {}},
      {"   \t ", {}},
      {"# push x", {}},
      {"  ; push x", {}},
      {"push x # y", {"push", "x"}},
      {"a#b c;d", {"a#b", "c;d"}},
      {"push \"route 10.0.0.0\"", {"push", "route 10.0.0.0"}},
      {R"(push "a \"b\" \\ c")", {"push", R"(a "b" \ c)"}},
      {R"(one\ word \"x \\)", {"one word", "\"x", "\\"}},
      {R"(push 'a "b" \x')", {"push", R"(a "b" \x)"}},
      {"it's \"it's\"", {"it's", "it's"}},
      {"\"a\"b", {"a", "b"}},
      {"\"\" ''", {"", ""}},
      {"\"a\"\"b\"", {"a", "b"}},
      {"\\ a", {"a"}},
      {"gr\xc3\xbc\xc3\x9f \xff", {"gr\xc3\xbc\xc3\x9f", "\xff"}},
  };
  for (const auto& [line, words] : cases) {
    EXPECT_THAT(SplitOptionLine(line), IsOkAndHolds(words)) << line;
    EXPECT_EQ(OpenvpnWords(line), words) << line;
  }
}

TEST(SplitOptionLine, WhatOpenvpnRejectsOrDrops_IsAnError) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"push \"x", "no closing double quote"},
      {"push 'x", "no closing single quote"},
      {"push \"x\\\"", "no closing double quote"},
      {"push C:\\dir", "backslash"},
      {R"(push "C:\dir")", "backslash"},
      {"push x\\", "end of the line"},
      {"push x \\", "end of the line"},
      {"push " + std::string(257, 'x'), "more than 256 bytes"},
      {"1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17", "more than 16 words"},
      {std::string("push\0x", 6), "NUL"},
  };
  for (const auto& [line, reason] : cases) {
    EXPECT_THAT(SplitOptionLine(line),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(reason)))
        << line;
  }
}

TEST(SplitOptionLine, LimitsThemselves_AreAccepted) {
  EXPECT_THAT(SplitOptionLine(std::string(256, 'x')), IsOkAndHolds(Words{std::string(256, 'x')}));
  EXPECT_TRUE(SplitOptionLine("1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 # comment").ok());
}

TEST(OptionName, DashesBeforeAName_DoNotCount) {
  EXPECT_EQ(OptionName("--config"), "config");
  EXPECT_EQ(OptionName("config"), "config");
  EXPECT_EQ(OptionName("----config"), "--config");
  EXPECT_EQ(OptionName("--<foo>"), "<foo>");
  EXPECT_EQ(OptionName("--"), "--");
  EXPECT_EQ(OptionName("-c"), "-c");
}

TEST(IsOptionName, OnlyLettersDigitsAndInnerDashes) {
  for (const char* name : {"push", "route-ipv6", "x509-track", "IV"}) {
    EXPECT_TRUE(IsOptionName(name)) << name;
  }
  for (const char* name : {"", "-", "-a", "a-", "<a>", "a b", "a\"", "a,b", "a_b", "\xc3\xbc"}) {
    EXPECT_FALSE(IsOptionName(name)) << name;
  }
}

TEST(JoinOptionWords, PlainWords_StayBare) {
  EXPECT_EQ(JoinOptionWords({"iroute-ipv6", "fd00::/64"}), "iroute-ipv6 fd00::/64");
  EXPECT_EQ(JoinOptionWords({"push", "route 10.0.0.0"}), "push \"route 10.0.0.0\"");
  EXPECT_EQ(JoinOptionWords({"a", "", "it's", "#"}), "a \"\" \"it's\" \"#\"");
}

TEST(JoinPlainWords, AnyCount_StandsBetweenBeginAndEnd) {
  EXPECT_EQ(JoinPlainWords("", {"push-reset"}, ""), "push-reset");
  EXPECT_EQ(JoinPlainWords("push ", {"redirect-gateway"}, ""), "push redirect-gateway");
  EXPECT_EQ(JoinPlainWords("push \"", {"route-ipv6", "fd00::/64", "fd00::1"}, "\""),
            "push \"route-ipv6 fd00::/64 fd00::1\"");
}

std::string RandomText(std::mt19937& random, absl::string_view alphabet, size_t max_size) {
  std::string text(std::uniform_int_distribution<size_t>(0, max_size)(random), ' ');
  for (char& byte : text) {
    byte = alphabet[std::uniform_int_distribution<size_t>(0, alphabet.size() - 1)(random)];
  }
  return text;
}

TEST(JoinOptionWords, AnyWords_AreReadBackAsTheyWere) {
  std::mt19937 random(1);
  for (int i = 0; i < 5000; ++i) {
    Words words;
    const size_t count = std::uniform_int_distribution<size_t>(1, kMaxOpenvpnWords)(random);
    while (words.size() < count) words.push_back(RandomText(random, "ab \"'\\#;<>,-\xc3\xbc", 12));
    const std::string line =
        JoinOptionWords(std::vector<absl::string_view>(words.begin(), words.end()));
    ASSERT_EQ(OpenvpnWords(line), words) << line;
    ASSERT_THAT(SplitOptionLine(line), IsOkAndHolds(words)) << line;
  }
}

TEST(SplitOptionLine, AnyLine_AgreesWithOpenvpnOrIsAnError) {
  std::mt19937 random(2);
  for (int i = 0; i < 20'000; ++i) {
    const std::string line = RandomText(random, "aab  \t\"'\\#;", 16);
    const auto ours = SplitOptionLine(line);
    const auto openvpns = OpenvpnWords(line);
    if (ours.ok()) {
      ASSERT_EQ(openvpns, *ours) << line;
    } else if (openvpns.has_value()) {
      // The one thing that OpenVPN drops without a word.
      ASSERT_EQ(ours.status().message(), "backslash at the end of the line") << line;
    }
  }
}

}  // namespace
}  // namespace ovpnbroker::ovpn
