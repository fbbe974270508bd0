#include "server/logging/log_line.h"

#include <gmock/gmock.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>
#include <grpc/support/log.h>
#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>

#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/logging/grpc_log.h"
#include "server/logging/spdlog_logger.h"
#include "tests/support/recording_logger.h"

namespace ovpnbroker::server {
namespace {

using testing::ContainsRegex;
using testing::MatchesRegex;

TEST(TextLogBody, PlainValues_AreNotQuoted) {
  const std::vector<ovpn::LogField> fields = {{"instance", "office"}, {"pid", 7}};
  EXPECT_EQ(TextLogBody("CHILD_STARTED", "started", fields),
            "CHILD_STARTED started instance=office pid=7");
}

TEST(TextLogBody, HostileValues_CannotBreakTheLine) {
  const std::vector<ovpn::LogField> fields = {
      {"empty", ""},       {"blank", "a b"},       {"quote", "a\"b\\"},      {"lines", "a\nb\r\t"},
      {"esc", "\x1b[31m"}, {"bytes", "a\xff\xc3"}, {"utf8", "M\xc3\xbcller"}};
  EXPECT_EQ(TextLogBody("X", "two\nlines", fields),
            "X two\\nlines empty=\"\" blank=\"a b\" quote=\"a\\\"b\\\\\" lines=\"a\\nb\\r\\t\" "
            "esc=\"\\x1b[31m\" bytes=\"a\\xff\\xc3\" utf8=M\xc3\xbcller");
}

TEST(JsonLogBody, AnyBytes_GiveOneValidObject) {
  std::string all_bytes;
  for (int byte = 0; byte < 256; ++byte) all_bytes += static_cast<char>(byte);
  const std::vector<ovpn::LogField> fields = {{"bytes", all_bytes}, {"name", "a\"b"}};
  const std::string json = absl::StrCat("{", JsonLogBody("X", all_bytes, fields), "}");
  EXPECT_EQ(json.find('\n'), std::string::npos);
  google::protobuf::Struct parsed;
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(json, &parsed).ok()) << json;
  EXPECT_EQ(parsed.fields().at("fields").struct_value().fields().at("name").string_value(), "a\"b");
}

class SpdlogLoggerTest : public testing::Test {
 protected:
  std::ostringstream out_;
  std::shared_ptr<spdlog::sinks::sink> sink_ =
      std::make_shared<spdlog::sinks::ostream_sink_mt>(out_);
};

TEST_F(SpdlogLoggerTest, Text_HasTimeLevelIdMessageFields) {
  SpdlogLogger logger(LogFormat::kText, ovpn::LogLevel::kInfo, sink_);
  logger.Warning("CLIENT_DENIED", "denied", {{"user", "bob"}});
  EXPECT_THAT(out_.str(), MatchesRegex("20[0-9-]+T[0-9:.]+Z warning CLIENT_DENIED denied "
                                       "user=bob\n"));
}

TEST_F(SpdlogLoggerTest, Json_IsOneObjectALine) {
  SpdlogLogger logger(LogFormat::kJson, ovpn::LogLevel::kInfo, sink_);
  logger.Error("X", "100% {} done", {{"n", 1}});
  google::protobuf::Struct parsed;
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(out_.str(), &parsed).ok()) << out_.str();
  EXPECT_EQ(parsed.fields().at("level").string_value(), "error");
  EXPECT_EQ(parsed.fields().at("message").string_value(), "100% {} done");
}

TEST_F(SpdlogLoggerTest, SetLevel_TakesEffectAtOnce) {
  SpdlogLogger logger(LogFormat::kText, ovpn::LogLevel::kInfo, sink_);
  logger.Debug("A", "hidden");
  EXPECT_FALSE(logger.Enabled(ovpn::LogLevel::kDebug));
  logger.SetLevel(ovpn::LogLevel::kDebug);
  logger.Debug("B", "shown");
  EXPECT_THAT(out_.str(), ContainsRegex("B shown"));
  EXPECT_EQ(out_.str().find("hidden"), std::string::npos);
}

TEST(GrpcLogRouting, ErrorOfGrpc_BecomesAWarning) {
  test::RecordingLogger logger;
  const GrpcLogRouting routing(logger);
  gpr_set_log_verbosity(GPR_LOG_SEVERITY_ERROR);
  gpr_log(GPR_ERROR, "peer %d", 7);
  ASSERT_EQ(logger.lines().size(), 1U);
  EXPECT_EQ(logger.lines()[0].id, "GRPC_LOG");
  EXPECT_EQ(logger.lines()[0].level, ovpn::LogLevel::kWarning);
}

}  // namespace
}  // namespace ovpnbroker::server
