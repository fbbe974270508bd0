// The parser on captures of real management sockets: what each one says, and that the chunking of
// its bytes changes nothing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_split.h"
#include "tests/support/message_text.h"
#include "tests/support/parse_chunked.h"
#include "tests/support/transcripts.h"

namespace ovpnbroker::ovpn {
namespace {

using ::testing::ElementsAreArray;

// Trying every split point takes time with the square of the size.
constexpr size_t kMaxBytesForEverySplit = 2500;
constexpr size_t kMaxRandomChunk = 200;

class TranscriptTest : public ::testing::TestWithParam<std::string> {
 protected:
  const std::string bytes_ = test::ReadTranscript(GetParam());
};

TEST_P(TranscriptTest, Parsed_GivesTheExpectedEvents) {
  std::ifstream file(test::TranscriptFolder() / (GetParam() + ".events"), std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const std::vector<std::string> expected = absl::StrSplit(text, '\n', absl::SkipEmpty());
  EXPECT_THAT(test::ParseWhole(bytes_, test::Brief), ElementsAreArray(expected));
}

TEST_P(TranscriptTest, ByteByByte_GivesTheSame) {
  EXPECT_EQ(test::ParseChunked(bytes_, [] { return size_t{1}; }), test::ParseWhole(bytes_));
}

TEST_P(TranscriptTest, RandomChunks_GiveTheSame) {
  const std::vector<std::string> whole = test::ParseWhole(bytes_);
  for (uint32_t seed = 0; seed < 20; ++seed) {
    std::mt19937 random(seed);
    std::uniform_int_distribution<size_t> size(1, kMaxRandomChunk);
    EXPECT_EQ(test::ParseChunked(bytes_, [&] { return size(random); }), whole) << "seed " << seed;
  }
}

TEST_P(TranscriptTest, SplitAnywhere_GivesTheSame) {
  const std::string part = bytes_.substr(0, kMaxBytesForEverySplit);
  const std::vector<std::string> whole = test::ParseWhole(part);
  for (size_t split = 1; split < part.size(); ++split) {
    bool first = true;
    const auto next_chunk = [&] { return std::exchange(first, false) ? split : part.size(); };
    ASSERT_EQ(test::ParseChunked(part, next_chunk), whole) << "split at " << split;
  }
}

// Whatever is lost, nothing of two blocks is fused and the parser finds its way back.
TEST_P(TranscriptTest, CutOffAnywhereThenGoesOn_FindsItsWayBack) {
  const std::string good = ">BYTECOUNT_CLI:1,2,3\r\n";
  for (size_t cut = 0; cut < std::min(bytes_.size(), kMaxBytesForEverySplit); cut += 7) {
    const auto texts = test::ParseWhole(bytes_.substr(0, cut) + "\r\n" + good);
    ASSERT_FALSE(texts.empty());
    ASSERT_EQ(texts.back(), "BYTECOUNT 1 2 3") << "cut at " << cut;
  }
}

INSTANTIATE_TEST_SUITE_P(All, TranscriptTest, ::testing::ValuesIn(test::TranscriptNames()),
                         [](const auto& instance) { return instance.param; });

TEST(Transcripts, AllAreFound) { EXPECT_EQ(test::TranscriptNames().size(), 25U); }

}  // namespace
}  // namespace ovpnbroker::ovpn
