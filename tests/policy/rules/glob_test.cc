#include "policy/rules/glob.h"

#include <gtest/gtest.h>

#include <string>

namespace ovpnbroker::policy {
namespace {

struct GlobCase {
  const char* pattern;
  const char* text;
  bool matches;
};

class GlobTest : public testing::TestWithParam<GlobCase> {};

TEST_P(GlobTest, Pattern_MatchesAsWritten) {
  const absl::StatusOr<Glob> glob = Glob::Compile(GetParam().pattern);
  ASSERT_TRUE(glob.ok()) << glob.status();
  EXPECT_EQ(glob->Matches(GetParam().text), GetParam().matches)
      << GetParam().pattern << " on " << GetParam().text;
}

INSTANTIATE_TEST_SUITE_P(
    Table, GlobTest,
    testing::Values(GlobCase{"", "", true}, GlobCase{"", "a", false}, GlobCase{"abc", "abc", true},
                    GlobCase{"abc", "ABC", false}, GlobCase{"abc", "abcd", false},
                    GlobCase{"*", "", true}, GlobCase{"*", "anything", true},
                    GlobCase{"?*", "", false}, GlobCase{"?*", "a", true},
                    GlobCase{"lap-*", "lap-", true}, GlobCase{"lap-*", "lap", false},
                    GlobCase{"*.corp", "a.corp", true}, GlobCase{"*.corp", "a.corp.evil", false},
                    GlobCase{"*.corp", ".corp", true}, GlobCase{"*.corp", "corp", false},
                    GlobCase{"*-\\*", "a-*", true}, GlobCase{"*-\\*", "a-b", false},
                    GlobCase{"a*b*c", "a-b-b-c", true}, GlobCase{"a*b*c", "acb", false},
                    GlobCase{"a**c", "abc", true}, GlobCase{"a?c", "abc", true},
                    GlobCase{"a?c", "ac", false}, GlobCase{"\\*", "*", true},
                    GlobCase{"\\*", "a", false}, GlobCase{"\\\\*", "\\x", true},
                    GlobCase{"*ab", "aab", true}, GlobCase{"*?b", "b", false}));

TEST(Glob, BackslashAtTheEnd_IsRefused) { EXPECT_FALSE(Glob::Compile("abc\\").ok()); }

TEST(Glob, ManyRunsOnAHostileText_EndInTime) {
  std::string pattern;
  for (int i = 0; i < 200; ++i) pattern += "a*";
  const absl::StatusOr<Glob> glob = Glob::Compile(pattern + "b");
  ASSERT_TRUE(glob.ok());
  EXPECT_FALSE(glob->Matches(std::string(10'000, 'a')));
}

}  // namespace
}  // namespace ovpnbroker::policy
