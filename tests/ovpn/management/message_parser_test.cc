// Traps of the management protocol that no capture shows.
#include "ovpn/management/message_parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/support/parse_chunked.h"
#include "tests/support/transcripts.h"

namespace ovpnbroker::ovpn {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

std::vector<std::string> Parse(absl::string_view bytes) { return test::ParseWhole(bytes); }

TEST(MessageParser, EnvironmentValue_IsEverythingAfterTheFirstEqualsSign) {
  EXPECT_THAT(Parse(">CLIENT:ESTABLISHED,1\r\n>CLIENT:ENV,a=b=c, \"d\" \\ \r\n>CLIENT:ENV,e=\r\n"
                    ">CLIENT:ENV,x=END\r\n>CLIENT:ENV,END\r\n"),
              ElementsAre("ESTABLISHED 1 env=3 a=[b=c, \"d\" \\ ] e=[] x=[END]"));
}

TEST(MessageParser, ValuesThatAreNotUtf8_StayAsTheyAre) {
  EXPECT_THAT(Parse(">CLIENT:ESTABLISHED,1\r\n>CLIENT:ENV,cn=\xff\xc3\r\n>CLIENT:ENV,END\r\n"),
              ElementsAre("ESTABLISHED 1 env=1 cn=[\xff\xc3]"));
}

TEST(MessageParser, LogLineInsideABlock_DoesNotBreakIt) {
  EXPECT_THAT(Parse(">CLIENT:CONNECT,1,1\r\n>CLIENT:ENV,a=1\r\n>LOG:5,I,text, more\r\n"
                    ">CLIENT:ENV,b=2\r\n>CLIENT:ENV,END\r\n"),
              ElementsAre("LOG 5 [I] text, more", "CONNECT 1,1 no-password env=2 a=[1] b=[2]"));
}

TEST(MessageParser, OtherNotificationInsideABlock_DropsTheBlockAndFusesNothing) {
  EXPECT_THAT(Parse(">CLIENT:CONNECT,1,1\r\n>CLIENT:ENV,a=1\r\n>CLIENT:CONNECT,2,1\r\n"
                    ">CLIENT:ENV,b=2\r\n>CLIENT:ENV,END\r\n"),
              ElementsAre("PROTOCOL-ERROR CLIENT:CONNECT of CID 1 KID 1: broken off by another "
                          "notification (waits: 1,1)",
                          "CONNECT 2,1 no-password env=1 b=[2]"));
}

TEST(MessageParser, EveryKindOfLineInsideABlock_IsReportedAndThenCounts) {
  const std::string block = ">CLIENT:DISCONNECT,4\r\n>CLIENT:ENV,a=1\r\n";
  const std::string error = "PROTOCOL-ERROR CLIENT:DISCONNECT of CID 4: ";
  EXPECT_THAT(Parse(block + "SUCCESS: x\r\n"),
              ElementsAre(error + "broken off by a reply line", "REPLY SUCCESS: x"));
  EXPECT_THAT(Parse(block + ">HOLD:Waiting for hold release:7\r\n"),
              ElementsAre(error + "broken off by another notification", "HOLD 7"));
  EXPECT_THAT(
      Parse(block + ">CLIENT:ADDRESS,1,10.0.0.1,1\r\n"),
      ElementsAre(error + "broken off by another notification", "ADDRESS 1 10.0.0.1 primary"));
  EXPECT_THAT(Parse(block + ">CLIENT:NEW,1\r\n"),
              ElementsAre(error + "broken off by another notification", "UNKNOWN CLIENT:NEW [x]"));
  EXPECT_THAT(Parse(block + ">UPDOWN:UP\r\n>UPDOWN:ENV,END\r\n"),
              ElementsAre(error + "broken off by another notification", "UP env=0"));
  EXPECT_THAT(Parse(block + ">UPDOWN:ENV,b=1\r\n>UPDOWN:ENV,END\r\n>HOLD:x:1\r\n"),
              ElementsAre(error + "another block's environment came before its END", "HOLD 1"));
  EXPECT_THAT(
      Parse(block + std::string(LineReader::kMaxLineBytes + 1, 'x') + "\r\n"),
      ElementsAre(error + "broken off by an overlong line", "PROTOCOL-ERROR a line is too long"));
}

TEST(MessageParser, EnvironmentWithoutNotification_IsReportedOnceAndSkipped) {
  EXPECT_THAT(
      Parse(">CLIENT:ENV,a=1\r\n>CLIENT:ENV,password=pw\r\n>CLIENT:ENV,END\r\n"
            ">CLIENT:ENV,END\r\n>CLIENT:DISCONNECT,1\r\n>CLIENT:ENV,END\r\n"),
      ElementsAre("PROTOCOL-ERROR environment without a notification",
                  "PROTOCOL-ERROR environment without a notification", "DISCONNECT 1 env=0"));
}

TEST(MessageParser, UnknownClientNotification_IsShownInFormOnlyAndItsEnvironmentIsSkipped) {
  EXPECT_THAT(Parse(">CLIENT:FUTURE,17,s3cret/Value=9\r\n>CLIENT:ENV,a=1\r\n>CLIENT:ENV,END\r\n"
                    ">CLIENT:DISCONNECT,1\r\n>CLIENT:ENV,END\r\n"),
              ElementsAre("UNKNOWN CLIENT:FUTURE [x,x/x=x]", "DISCONNECT 1 env=0"));
}

TEST(MessageParser, UnknownNotification_IsBounded) {
  EXPECT_THAT(Parse(">REMOTE:vpn.example,1194,udp\r\n"), ElementsAre("UNKNOWN REMOTE [x.x,x,x]"));
  EXPECT_THAT(Parse(">no colon\r\n>\r\n"),
              ElementsAre("UNKNOWN (malformed) []", "UNKNOWN (malformed) []"));
  EXPECT_THAT(Parse(absl::StrCat(">", std::string(100, 'A'), ":", std::string(500, ','), "\r\n")),
              ElementsAre(absl::StrCat("UNKNOWN (malformed) [", std::string(64, ','), "]")));
  EXPECT_THAT(Parse(">PASSWORD:Auth-Token:SESS_ID_AT_x\r\n"),
              ElementsAre("UNKNOWN PASSWORD [x-x:x_x_x_x]"));
}

TEST(MessageParser, ChallengeResponse_IsTheRestOfTheLine) {
  EXPECT_THAT(Parse(">CLIENT:CR_RESPONSE,1,2,a,b,,c\r\n>CLIENT:ENV,END\r\n"
                    ">CLIENT:CR_RESPONSE,1,2,\r\n>CLIENT:ENV,END\r\n"),
              ElementsAre("CR_RESPONSE 1,2 [a,b,,c] env=0", "CR_RESPONSE 1,2 [] env=0"));
}

TEST(MessageParser, NumbersAreStrict_OutOfRangeOrSignedIsMalformed) {
  EXPECT_THAT(Parse(">CLIENT:CONNECT,18446744073709551615,4294967295\r\n>CLIENT:ENV,END\r\n"),
              ElementsAre("CONNECT 18446744073709551615,4294967295 no-password env=0"));
  for (const char* header :
       {"CONNECT,18446744073709551616,1", "CONNECT,1,4294967296", "CONNECT,-1,1", "CONNECT,+1,1",
        "CONNECT, 1,1", "CONNECT,1,1 ", "CONNECT,1", "CONNECT,,1", "CONNECT,1,1,1", "CONNECT,0x1,1",
        "REAUTH,1,", "ESTABLISHED,", "ESTABLISHED,1,2", "DISCONNECT,x", "CR_RESPONSE,1,x,text",
        "ADDRESS,1,10.0.0.1", "ADDRESS,1,10.0.0.1,2", "ADDRESS,1,,1"}) {
    const auto texts = Parse(absl::StrCat(">CLIENT:", header, "\r\n>CLIENT:ENV,password=pw\r\n",
                                          ">CLIENT:ENV,END\r\n>BYTECOUNT_CLI:1,2,3\r\n"));
    ASSERT_THAT(texts, SizeIs(2)) << header;
    EXPECT_THAT(texts[0], HasSubstr("PROTOCOL-ERROR malformed >CLIENT:")) << header;
  }
  EXPECT_THAT(
      Parse(">BYTECOUNT_CLI:1,2\r\n>STATE:x,A\r\n>LOG:,I,x\r\n>HOLD:Waiting:-1\r\n"),
      ElementsAre("PROTOCOL-ERROR malformed >BYTECOUNT_CLI", "PROTOCOL-ERROR malformed >STATE",
                  "PROTOCOL-ERROR malformed >LOG", "PROTOCOL-ERROR malformed >HOLD"));
}

TEST(MessageParser, EntryWithoutName_DropsTheBlockWithTheKeyThatWaits) {
  EXPECT_THAT(Parse(">CLIENT:REAUTH,3,9\r\n>CLIENT:ENV,=x\r\n>CLIENT:ENV,password=pw\r\n"
                    ">CLIENT:ENV,END\r\n>CLIENT:DISCONNECT,3\r\n>CLIENT:ENV,END\r\n"),
              ElementsAre("PROTOCOL-ERROR CLIENT:REAUTH of CID 3 KID 9: an entry is not name=value "
                          "(waits: 3,9)",
                          "DISCONNECT 3 env=0"));
}

TEST(MessageParser, TooManyEntries_DropTheBlock) {
  std::string bytes = ">CLIENT:CONNECT,1,1\r\n";
  for (size_t i = 0; i < EnvironmentBlock::kMaxEntries + 5; ++i) bytes += ">CLIENT:ENV,a=1\r\n";
  bytes += ">CLIENT:ENV,END\r\n>HOLD:x:0\r\n";
  EXPECT_THAT(Parse(bytes), ElementsAre("PROTOCOL-ERROR CLIENT:CONNECT of CID 1 KID 1: too many "
                                        "environment entries (waits: 1,1)",
                                        "HOLD 0"));
}

TEST(MessageParser, TooManyBytes_DropTheBlock) {
  std::string bytes = ">CLIENT:CONNECT,1,1\r\n";
  const std::string line = ">CLIENT:ENV,a=" + std::string(10000, 'x') + "\r\n";
  for (size_t size = 0; size < EnvironmentBlock::kMaxBytes; size += 10000) bytes += line;
  bytes += ">CLIENT:ENV,END\r\n>HOLD:x:0\r\n";
  EXPECT_THAT(Parse(bytes), ElementsAre("PROTOCOL-ERROR CLIENT:CONNECT of CID 1 KID 1: the "
                                        "environment is too large (waits: 1,1)",
                                        "HOLD 0"));
}

TEST(MessageParser, AsManyEntriesAndBytesAsAllowed_Pass) {
  std::string entries = ">CLIENT:CONNECT,1,1\r\n";
  for (size_t i = 0; i < EnvironmentBlock::kMaxEntries; ++i) entries += ">CLIENT:ENV,a=1\r\n";
  EXPECT_THAT(Parse(entries + ">CLIENT:ENV,END\r\n"),
              ElementsAre(StartsWith("CONNECT 1,1 no-password env=1024")));

  constexpr size_t kEntrySize = EnvironmentBlock::kMaxBytes / 16;
  const std::string line = ">CLIENT:ENV,a=" + std::string(kEntrySize - 2, 'x') + "\r\n";
  std::string bytes = ">CLIENT:CONNECT,1,1\r\n";
  for (int i = 0; i < 16; ++i) bytes += line;
  EXPECT_THAT(Parse(bytes + ">CLIENT:ENV,END\r\n"),
              ElementsAre(StartsWith("CONNECT 1,1 no-password env=16")));
  EXPECT_THAT(Parse(bytes + ">CLIENT:ENV,a=\r\n>CLIENT:ENV,END\r\n"),
              ElementsAre(StartsWith("PROTOCOL-ERROR")));
}

TEST(MessageParser, Passwords_AreKeptOnlyWhereTheyBelong) {
  EXPECT_THAT(Parse(">CLIENT:CONNECT,1,1\r\n>CLIENT:ENV,password=\r\n>CLIENT:ENV,END\r\n"),
              ElementsAre("CONNECT 1,1 password=[] env=0"));
  EXPECT_THAT(Parse(">CLIENT:ESTABLISHED,1\r\n>CLIENT:ENV,password=pw\r\n>CLIENT:ENV,END\r\n"),
              ElementsAre("ESTABLISHED 1 env=0"));
  EXPECT_THAT(Parse(">CLIENT:CONNECT,1,1\r\n>CLIENT:ENV,password=pw\r\n>CLIENT:CONNECT,2,1\r\n"
                    ">CLIENT:ENV,END\r\n")
                  .back(),
              "CONNECT 2,1 no-password env=0");
}

TEST(MessageParser, SecretsAreParsed_TheBufferDoesNotKeepThem) {
  const std::string bytes =
      ">CLIENT:CONNECT,1,1\r\n>CLIENT:ENV,password=s3cret-word\r\n>CLIENT:ENV,END\r\n"
      ">CLIENT:ENV,password=s3cret-stray\r\n>CLIENT:CR_RESPONSE,1,1,s3cret-answer\r\n";
  MessageParser parser;
  const absl::Span<char> buffer = parser.Prepare();
  std::copy(bytes.begin(), bytes.end(), buffer.begin());
  parser.Commit(bytes.size());
  while (parser.Next().has_value()) continue;
  EXPECT_THAT(std::string(buffer.data(), bytes.size()), Not(HasSubstr("s3cret")));
}

TEST(MessageParser, StateOfEightOrNineFields_IsRead) {
  EXPECT_THAT(Parse(">STATE:1,CONNECTED,SUCCESS,10.8.0.1,192.0.2.1,1194,192.0.2.2,1195,fd00::1\r\n"
                    ">STATE:2,CONNECTED,ROUTE_ERROR\r\n"),
              ElementsAre("STATE 1 CONNECTED [SUCCESS] [10.8.0.1] [192.0.2.1]:[1194] "
                          "[192.0.2.2]:[1195] [fd00::1]",
                          "STATE 2 CONNECTED [ROUTE_ERROR] [] []:[] []:[] []"));
}

TEST(MessageParser, ReplyLines_AreKeptAsTheyAre) {
  EXPECT_THAT(Parse("SUCCESS: x\r\n\r\nEND\r\n CLIENT:CONNECT,1,1\r\n"),
              ElementsAre("REPLY SUCCESS: x", "REPLY ", "REPLY END", "REPLY  CLIENT:CONNECT,1,1"));
}

TEST(MessageParser, UnfinishedBlock_GivesNothing) {
  EXPECT_THAT(Parse(">CLIENT:CONNECT,1,1\r\n>CLIENT:ENV,a=1\r\n>CLIENT:ENV,EN"), IsEmpty());
}

TEST(MessageParser, FirstConnectOfARealSession_HasItsEnvironment) {
  const std::string bytes = test::ReadTranscript("session_basic");
  MessageParser parser;
  const absl::Span<char> buffer = parser.Prepare();
  std::copy(bytes.begin(), bytes.end(), buffer.begin());
  parser.Commit(bytes.size());
  while (std::optional<Message> message = parser.Next()) {
    const auto* event = std::get_if<ClientEvent>(&*message);
    if (event == nullptr) continue;
    const auto& connect = std::get<ClientConnect>(*event);
    EXPECT_EQ(connect.environment.GetOrEmpty("common_name"), "alice");
    EXPECT_EQ(connect.environment.GetOrEmpty("IV_PROTO"), "990");
    EXPECT_EQ(connect.environment.GetOrEmpty("tls_id_1"),
              "C=ZZ, O=Example Test Org, CN=Example Test CA");
    EXPECT_EQ(connect.environment.Get("password"), std::nullopt);
    EXPECT_EQ(connect.password->Reveal(), "secret-pw");
    return;
  }
  FAIL() << "no CONNECT";
}

}  // namespace
}  // namespace ovpnbroker::ovpn
