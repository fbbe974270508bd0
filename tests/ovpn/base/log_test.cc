#include "ovpn/base/log.h"

#include <gtest/gtest.h>

#include <type_traits>

#include "ovpn/base/secret.h"
#include "tests/support/recording_logger.h"

namespace ovpnbroker::ovpn {
namespace {

static_assert(!std::is_constructible_v<LogField, absl::string_view, Secret>);
static_assert(!std::is_constructible_v<LogField, absl::string_view, const Secret&>);

TEST(Logger, Fields_ArriveWithNamesAndValues) {
  test::RecordingLogger logger;
  logger.Warning("CHILD_EXITED", "the child ended", {{"pid", 42}, {"reason", "signal"}});
  ASSERT_EQ(logger.lines().size(), 1U);
  EXPECT_EQ(logger.lines()[0].level, LogLevel::kWarning);
  EXPECT_EQ(logger.lines()[0].id, "CHILD_EXITED");
  EXPECT_EQ(logger.lines()[0].text, "the child ended pid=42 reason=signal");
}

class SilentLogger final : public Logger {
 public:
  bool Enabled(LogLevel level) const override { return level >= LogLevel::kError; }
  void Write(LogLevel, absl::string_view, absl::string_view, absl::Span<const LogField>) override {
    ++writes;
  }
  int writes = 0;
};

TEST(Logger, LevelNotEnabled_IsNotWritten) {
  SilentLogger logger;
  logger.Debug("A", "a");
  logger.Info("B", "b");
  logger.Warning("C", "c");
  EXPECT_EQ(logger.writes, 0);
  logger.Error("D", "d");
  EXPECT_EQ(logger.writes, 1);
}

}  // namespace
}  // namespace ovpnbroker::ovpn
