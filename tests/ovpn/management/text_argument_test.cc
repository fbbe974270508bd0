#include "ovpn/management/text_argument.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "tests/support/openvpn_reader.h"
#include "tests/support/status_matchers.h"

namespace ovpnbroker::ovpn {
namespace {

using test::IsOk;
using test::StatusIs;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

TEST(CheckText, EveryControlByte_IsRefusedWithItsPlace) {
  for (int value = 0; value < 256; ++value) {
    const std::string text = std::string("ab") + static_cast<char>(value) + "secret";
    if (value < 0x20 || value == 0x7f) {
      EXPECT_THAT(CheckText(text),
                  StatusIs(absl::StatusCode::kInvalidArgument,
                           AllOf(HasSubstr("offset 2"), Not(HasSubstr("secret")))));
    } else {
      EXPECT_THAT(CheckText(text), IsOk()) << value;
    }
  }
}

TEST(CheckText, Length_IsCountedInBytes) {
  EXPECT_THAT(CheckText(std::string(256, 'x')), IsOk());
  EXPECT_THAT(CheckText(std::string(257, 'x')),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("at most 256")));
  EXPECT_THAT(CheckText("\xc3\xbc", 1), Not(IsOk()));
}

TEST(QuoteArgument, QuotesAndBackslashes_AreEscaped) {
  EXPECT_EQ(QuoteArgument(""), "\"\"");
  EXPECT_EQ(QuoteArgument(R"(a "b" \ 'c' # ;)"), R"("a \"b\" \\ 'c' # ;")");
}

TEST(QuoteArgument, AnyText_IsReadBackAsOneArgument) {
  std::mt19937 random(3);
  for (int i = 0; i < 3000; ++i) {
    std::string text(std::uniform_int_distribution<size_t>(0, kMaxArgumentBytes)(random), ' ');
    for (char& byte : text) {
      do {
        byte = static_cast<char>(std::uniform_int_distribution<int>(0, 255)(random));
      } while (IsControlByte(byte));
    }
    const auto words = test::OpenvpnWords("x " + QuoteArgument(text) + " y");
    ASSERT_EQ(words, (std::vector<std::string>{"x", text, "y"}));
  }
}

TEST(CleanText, ForeignBytes_AreReplaced) {
  EXPECT_EQ(CleanText("a\nEND\x01\x7f\t\"b\" \\ \xc3\xbc"), "a?END???\"b\" \\ \xc3\xbc");
  EXPECT_EQ(CleanText(std::string("a\0b", 3)), "a?b");
}

TEST(CleanText, LongText_IsCutAtACharacter) {
  EXPECT_EQ(CleanText("abcdef", 3), "abc");
  EXPECT_EQ(CleanText("abc", 3), "abc");
  EXPECT_EQ(CleanText("ab\xe2\x82\xac", 4), "ab") << "the euro sign has three bytes";
  EXPECT_EQ(CleanText("ab\xe2\x82\xac", 5), "ab\xe2\x82\xac");
  EXPECT_EQ(CleanText("ab\xf0\x9f\x98\x80", 5), "ab");
  EXPECT_EQ(CleanText(std::string(10, '\x80'), 4), std::string(4, '\x80')) << "not UTF-8";
  EXPECT_EQ(CleanText("\xc3\xbc", 1), "");
}

TEST(CleanText, AnyBytes_PassTheCheck) {
  std::mt19937 random(4);
  for (int i = 0; i < 3000; ++i) {
    std::string text(std::uniform_int_distribution<size_t>(0, 2 * kMaxArgumentBytes)(random), ' ');
    for (char& byte : text) {
      byte = static_cast<char>(std::uniform_int_distribution<int>(0, 255)(random));
    }
    ASSERT_THAT(CheckText(CleanText(text)), IsOk());
  }
}

}  // namespace
}  // namespace ovpnbroker::ovpn
