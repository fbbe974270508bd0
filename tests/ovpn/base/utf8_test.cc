#include "ovpn/base/utf8.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace ovpnbroker::ovpn {
namespace {

TEST(Utf8, ValidText_IsKept) {
  const std::string text = "a\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80";
  EXPECT_TRUE(IsValidUtf8(text));
  EXPECT_EQ(ReplaceInvalidUtf8(text), text);
}

TEST(Utf8, MalformedSequences_EndThePrefix) {
  for (const absl::string_view bad :
       {"\x80", "\xff", "\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf",
        "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xc3", "\xe2\x82", "\xf0\x9f\x98",
        "\xe2\x28\xa1"}) {
    EXPECT_EQ(ValidUtf8Prefix(absl::StrCat("ab", bad)), 2U) << absl::CHexEscape(bad);
  }
}

// ASCII is looked at in words: the bad byte is in the first, in a later one, and behind the last.
TEST(Utf8, BadByteAnywhereInAscii_EndsThePrefixThere) {
  constexpr size_t kThreeWords = 24;
  for (size_t size = 1; size <= kThreeWords; ++size) {
    EXPECT_TRUE(IsValidUtf8(std::string(size, 'a')));
    for (size_t bad = 0; bad < size; ++bad) {
      std::string text(size, 'a');
      text[bad] = '\xff';
      EXPECT_EQ(ValidUtf8Prefix(text), bad) << "of " << size;
    }
  }
}

TEST(Utf8, EachBadByte_BecomesOneReplacementCharacter) {
  EXPECT_EQ(ReplaceInvalidUtf8("a\xff\xc3z"), "a\xef\xbf\xbd\xef\xbf\xbdz");
}

}  // namespace
}  // namespace ovpnbroker::ovpn
