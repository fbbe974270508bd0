#include "server/admin/log_filter.h"

#include <gtest/gtest.h>

#include <string>

namespace ovpnbroker::server {
namespace {

using ovpn::LogLevel;

LogEntry Entry() {
  LogEntry entry;
  entry.level = LogLevel::kInfo;
  entry.id = "SESSION_ENDED";
  entry.message = "a session is over";
  entry.fields = {{"instance", "office"}, {"common_name", "J\u00e9r\u00f4me"}};
  return entry;
}

bool WantsText(const std::string& text) {
  return LogFilter(LogLevel::kTrace, "", text).Wants(Entry());
}

TEST(LogFilter, Text_IsFoundInIdMessageAndFields) {
  for (const char* text : {"", "session_ended", "IS OVER", "office", "common_name=j", "NAME="}) {
    EXPECT_TRUE(WantsText(text)) << text;
  }
  // Not over their borders, and no pattern.
  for (const char* text : {"ENDEDa", "SESSION_ENDED a", "officecommon", ".*", "alice"}) {
    EXPECT_FALSE(WantsText(text)) << text;
  }
}

TEST(LogFilter, BytesBeyondAscii_AreComparedAsTheyAre) {
  EXPECT_TRUE(WantsText("j\u00e9r\u00f4ME"));
  EXPECT_FALSE(WantsText("j\u00c9r\u00d4me"));
}

TEST(LogFilter, LevelAndInstance_MustFitAsWell) {
  EXPECT_FALSE(LogFilter(LogLevel::kWarning, "", "over").Wants(Entry()));
  EXPECT_FALSE(LogFilter(LogLevel::kTrace, "home", "over").Wants(Entry()));
  EXPECT_FALSE(LogFilter(LogLevel::kTrace, "off", "over").Wants(Entry()));
  EXPECT_TRUE(LogFilter(LogLevel::kInfo, "office", "over").Wants(Entry()));
}

}  // namespace
}  // namespace ovpnbroker::server
