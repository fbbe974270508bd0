#include "ovpn/process/openvpn_log_line.h"

#include <chrono>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "ovpn/process/line_splitter.h"

namespace ovpnbroker::ovpn {
namespace {

using ::testing::ElementsAre;

struct Case {
  std::string line;
  OpenvpnLogLevel level;
  std::string text;
};

// Lines as OpenVPN 2.6.14 prints them.
TEST(OpenvpnLogLine, LinesOfTheRealBinary_GiveItsOwnLevels) {
  const Case cases[] = {
      {"1795336241.399601 1 Initialization Sequence Completed", OpenvpnLogLevel::kInfo,
       "Initialization Sequence Completed"},
      {"1795336240.310726 28000003 MANAGEMENT: Client disconnected", OpenvpnLogLevel::kInfo,
       "MANAGEMENT: Client disconnected"},
      {"1795336241.396872 46000083 MANAGEMENT: CMD 'hold release'", OpenvpnLogLevel::kDebug,
       "MANAGEMENT: CMD 'hold release'"},
      {"1795336243.112582 40 WARNING: --keepalive option is missing", OpenvpnLogLevel::kWarning,
       "WARNING: --keepalive option is missing"},
      {"1795336243.134394 1000021 event_wait : Interrupted system call (fd=-1,code=4)",
       OpenvpnLogLevel::kNonFatal, "event_wait : Interrupted system call (fd=-1,code=4)"},
      {"1795336243.114239 110 TCP/UDP: Socket bind failed", OpenvpnLogLevel::kFatal,
       "TCP/UDP: Socket bind failed"},
      {"1795336211.110310 b000 Options error: bad", OpenvpnLogLevel::kFatal, "Options error: bad"},
      {"1795336211.110310 46000006 packet", OpenvpnLogLevel::kDebug, "packet"},
      {"rWrwW1795336211.110310 1 after packet marks", OpenvpnLogLevel::kInfo, "after packet marks"},
      {"1795336211.110310 1 ", OpenvpnLogLevel::kInfo, ""},
  };
  for (const Case& c : cases) {
    const OpenvpnLogLine parsed = ParseOpenvpnLogLine(c.line);
    EXPECT_EQ(ToString(parsed.level), ToString(c.level)) << c.line;
    EXPECT_EQ(parsed.text, c.text);
    EXPECT_TRUE(parsed.time.has_value()) << c.line;
  }
}

TEST(OpenvpnLogLine, Stamp_IsWallTimeWithMicroseconds) {
  const OpenvpnLogLine parsed = ParseOpenvpnLogLine("1795336241.000042 1 x");
  EXPECT_EQ(parsed.time->time_since_epoch(),
            std::chrono::seconds(1795336241) + std::chrono::microseconds(42));
  EXPECT_EQ(parsed.flags, 1u);
}

TEST(OpenvpnLogLine, NoStamp_WholeLineIsText) {
  for (const std::string line :
       {"", "Options error: In [CMD-LINE]:1: x", "17.5 1 x", "1795336211.110310", "1.000000 zz x",
        "99999999999999999999.000000 1 x", "-5.000000 1 x", "error while loading shared libraries",
        "rWrW"}) {
    const OpenvpnLogLine parsed = ParseOpenvpnLogLine(line);
    EXPECT_EQ(parsed.text, line);
    EXPECT_FALSE(parsed.time.has_value()) << line;
    EXPECT_EQ(ToString(parsed.level), "INFO");
  }
}

TEST(OpenvpnLogLine, TextWithAnyBytes_IsKept) {
  const std::string text("caf\xe9 \x01 \0 end", 12);
  EXPECT_EQ(ParseOpenvpnLogLine("1795336211.110310 40 " + text).text, text);
}

TEST(OpenvpnLogLine, AnswerToAChallenge_IsLeftOut) {
  const std::string said = "192.0.2.1:39762 CR response was sent by client ('MjcxODI4NDU5')";
  const std::string kept = "192.0.2.1:39762 CR response was sent by client ([answer left out]";
  EXPECT_EQ(ParseOpenvpnLogLine("1795336211.110310 40 " + said).text, kept);
  EXPECT_EQ(ParseOpenvpnLogLine(said).text, kept);
  EXPECT_EQ(ParseOpenvpnLogLine("SENT 'CR_RESPONSE,MjcxODI4NDU5'").text,
            "SENT 'CR_RESPONSE,[answer left out]");
}

TEST(OpenvpnLogLine, NonFatalErrors_AreWarningsOfTheBroker) {
  EXPECT_EQ(ToLogLevel(OpenvpnLogLevel::kFatal), LogLevel::kError);
  EXPECT_EQ(ToLogLevel(OpenvpnLogLevel::kNonFatal), LogLevel::kWarning);
  EXPECT_EQ(ToLogLevel(OpenvpnLogLevel::kDebug), LogLevel::kDebug);
}

std::vector<std::string> Split(const std::vector<std::string>& chunks, size_t limit) {
  LineSplitter splitter(limit);
  std::vector<std::string> lines;
  const auto keep = [&](absl::string_view line) { lines.emplace_back(line); };
  for (const std::string& chunk : chunks) splitter.Feed(chunk, keep);
  splitter.Finish(keep);
  return lines;
}

TEST(LineSplitter, AnyChunking_GivesTheSameLines) {
  EXPECT_THAT(Split({"one\ntw", "o\r", "\n\nrest"}, 100), ElementsAre("one", "two", "", "rest"));
}

TEST(LineSplitter, LongLine_IsCutAndTheNextIsWhole) {
  EXPECT_THAT(Split({"abcdef", "ghi\nnext\n"}, 4), ElementsAre("abcd", "next"));
}

}  // namespace
}  // namespace ovpnbroker::ovpn
