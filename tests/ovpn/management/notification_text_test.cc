// Notifications as tools read them: those of real captures come out as they went in, without what
// is secret.
#include "ovpn/management/notification_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "tests/support/parse_chunked.h"
#include "tests/support/transcripts.h"

namespace ovpnbroker::ovpn {
namespace {

std::string TextOrNothing(const Message& message) {
  return KindOf(message).has_value() ? NotificationText(message) : std::string();
}

std::string AllTexts(absl::string_view bytes) {
  std::string all;
  for (const std::string& text : test::ParseWhole(bytes, TextOrNothing)) all += text;
  return all;
}

// The lines of a capture that tools may see, in order; the LOG lines inside an environment come out
// before it.
std::string Expected(absl::string_view bytes) {
  std::string expected;
  for (absl::string_view line : absl::StrSplit(bytes, '\n')) {
    const bool complete = absl::ConsumeSuffix(&line, "\r");
    if (!complete) continue;
    for (const absl::string_view shown :
         {">CLIENT:", ">STATE:", ">BYTECOUNT_CLI:", ">LOG:", ">ECHO:", ">NOTIFY:", ">FATAL:"}) {
      if (line.substr(0, shown.size()) != shown) continue;
      if (line.substr(0, 21) == ">CLIENT:ENV,password=") continue;
      expected += std::string(line) + "\r\n";
    }
  }
  return expected;
}

TEST(NotificationText, RealCaptures_ComeOutUnchangedWithoutPasswords) {
  int shown = 0;
  for (const std::string& name : test::TranscriptNames()) {
    if (name == "pending_auth_crtext") continue;  // its challenge's answer is not shown
    const std::string bytes = test::ReadTranscript(name);
    EXPECT_EQ(AllTexts(bytes), Expected(bytes)) << name;
    shown += AllTexts(bytes).empty() ? 0 : 1;
  }
  EXPECT_GT(shown, 15);
}

TEST(NotificationText, AnswerToAChallenge_IsNotShown) {
  EXPECT_EQ(AllTexts(">CLIENT:CR_RESPONSE,3,1,czNjcmV0\r\n>CLIENT:ENV,a=b\r\n>CLIENT:ENV,END\r\n"),
            ">CLIENT:CR_RESPONSE,3,1,\r\n>CLIENT:ENV,a=b\r\n>CLIENT:ENV,END\r\n");
}

TEST(NotificationText, WhatAsksForAnAction_IsNotShown) {
  EXPECT_EQ(AllTexts(">HOLD:Waiting for hold release:0\r\n"
                     ">PASSWORD:Need 'Private Key' password\r\n"
                     ">NEW-THING:with,values\r\nSUCCESS: pid=1\r\n"),
            "");
}

}  // namespace
}  // namespace ovpnbroker::ovpn
