#include "ovpn/management/line_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string.h>

#include <algorithm>
#include <string>
#include <vector>

namespace ovpnbroker::ovpn {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

void Put(LineReader& reader, absl::string_view bytes) {
  const absl::Span<char> space = reader.Prepare();
  ASSERT_LE(bytes.size(), space.size());
  std::copy(bytes.begin(), bytes.end(), space.begin());
  reader.Commit(bytes.size());
}

std::vector<std::string> TakeAll(LineReader& reader) {
  std::vector<std::string> taken;
  while (const std::optional<LineReader::Line> line = reader.Next()) {
    switch (line->kind) {
      case LineReader::Kind::kLine:
        taken.emplace_back(line->text.data(), line->text.size());
        break;
      case LineReader::Kind::kPasswordPrompt:
        taken.emplace_back("<prompt>");
        break;
      case LineReader::Kind::kOverlong:
        taken.emplace_back("<overlong>");
        break;
    }
  }
  return taken;
}

TEST(LineReader, CrlfAndLf_AreStripped) {
  LineReader reader;
  Put(reader, "one\r\ntwo\n\r\n\n");
  EXPECT_THAT(TakeAll(reader), ElementsAre("one", "two", "", ""));
}

TEST(LineReader, CarriageReturnInsideALine_Stays) {
  LineReader reader;
  Put(reader, "a\rb\r\r\n");
  EXPECT_THAT(TakeAll(reader), ElementsAre("a\rb\r"));
}

TEST(LineReader, SplitCrlfAcrossReads_YieldsOneLine) {
  LineReader reader;
  Put(reader, "one\r");
  EXPECT_THAT(TakeAll(reader), IsEmpty());
  Put(reader, "\ntw");
  EXPECT_THAT(TakeAll(reader), ElementsAre("one"));
  Put(reader, "o\n");
  EXPECT_THAT(TakeAll(reader), ElementsAre("two"));
}

TEST(LineReader, PromptWithoutNewline_IsSeenAtOnce) {
  LineReader reader;
  Put(reader, "ENTER PASS");
  EXPECT_THAT(TakeAll(reader), IsEmpty());
  Put(reader, "WORD:");
  EXPECT_THAT(TakeAll(reader), ElementsAre("<prompt>"));
  Put(reader, "ENTER PASSWORD:SUCCESS: password is correct\r\n");
  EXPECT_THAT(TakeAll(reader), ElementsAre("<prompt>", "SUCCESS: password is correct"));
}

TEST(LineReader, PromptAfterLogin_IsText) {
  LineReader reader;
  reader.EndLogin();
  Put(reader, "ENTER PASSWORD:\n");
  EXPECT_THAT(TakeAll(reader), ElementsAre("ENTER PASSWORD:"));
}

TEST(LineReader, PromptInsideALine_IsText) {
  LineReader reader;
  Put(reader, "x ENTER PASSWORD:\n");
  EXPECT_THAT(TakeAll(reader), ElementsAre("x ENTER PASSWORD:"));
}

TEST(LineReader, LongestLine_Passes) {
  LineReader reader;
  const std::string longest(LineReader::kMaxLineBytes, 'x');
  Put(reader, longest);
  EXPECT_THAT(TakeAll(reader), IsEmpty());
  Put(reader, "\nnext\n");
  EXPECT_THAT(TakeAll(reader), ElementsAre(longest, "next"));
}

TEST(LineReader, OverlongLine_IsReportedOnceAndDroppedToItsEnd) {
  LineReader reader;
  Put(reader, "before\n");
  Put(reader, std::string(LineReader::kMaxLineBytes + 1, 'x'));
  EXPECT_THAT(TakeAll(reader), ElementsAre("before", "<overlong>"));
  for (int i = 0; i < 100; ++i) {
    Put(reader, std::string(LineReader::kMaxLineBytes, 'x'));
    EXPECT_THAT(TakeAll(reader), IsEmpty());
  }
  Put(reader, "tail\nafter\n");
  EXPECT_THAT(TakeAll(reader), ElementsAre("after"));
}

TEST(LineReader, OverlongLineInOneChunk_GivesTheSame) {
  LineReader reader;
  Put(reader, std::string(LineReader::kMaxLineBytes + 1, 'x') + "\nafter\n");
  EXPECT_THAT(TakeAll(reader), ElementsAre("<overlong>", "after"));
}

TEST(LineReader, HalfALineIsMoved_NothingOfItStaysBehind) {
  LineReader reader;
  const std::string first(1000, 'a');
  const absl::Span<char> buffer = reader.Prepare();
  Put(reader, first + "\nsecret-half");
  TakeAll(reader);
  reader.Prepare();  // moves the half line to the front
  const absl::string_view tail(buffer.data() + 11, first.size() + 1);
  EXPECT_EQ(tail.find("secret"), absl::string_view::npos);
  Put(reader, "-rest\n");
  EXPECT_THAT(TakeAll(reader), ElementsAre("secret-half-rest"));
}

}  // namespace
}  // namespace ovpnbroker::ovpn
