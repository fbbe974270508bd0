#include "server/audit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>

#include "tests/support/recording_logger.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace ovpnbroker::server {
namespace {

using testing::HasSubstr;

std::string Read(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(AuditGuard, NobodySaysThatItWentWell_IsFailed) {
  test::RecordingLogger logger;
  const auto log = AuditLog::Make(logger, {}).value();
  {
    const AuditGuard guard(*log, {.caller = "unix:/a", .method = "S.M"});
  }
  ASSERT_EQ(logger.Count("AUDIT"), 1);
  EXPECT_EQ(logger.lines()[0].level, ovpn::LogLevel::kWarning);
  EXPECT_TRUE(logger.Mentions("outcome=failed result=ABANDONED"));
}

TEST(AuditGuard, Concluded_WritesOnce) {
  test::RecordingLogger logger;
  const auto log = AuditLog::Make(logger, {}).value();
  {
    AuditGuard guard(*log, {.method = "S.M", .reason = "because"});
    AuditGuard moved(std::move(guard));
    moved.Conclude(true, "OK");
    moved.Conclude(false, "late");
  }
  EXPECT_EQ(logger.Count("AUDIT"), 1);
  EXPECT_TRUE(logger.Mentions("reason=because outcome=ok result=OK"));
}

TEST(AuditLog, File_GetsOneObjectALineAndIsNotForOthers) {
  const test::TempDir dir;
  test::RecordingLogger logger;
  const auto log = AuditLog::Make(logger, {dir.File("audit.log"), 1 << 20, 2}).value();
  log->Write({.caller = "unix:/a", .method = "S.M", .reason = "say \"x\"\n{}", .ok = true});
  const std::string text = Read(dir.File("audit.log"));
  EXPECT_THAT(text, HasSubstr(R"("reason":"say \"x\"\u000a{}")"));
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1);
  struct stat info = {};
  ASSERT_EQ(stat(dir.File("audit.log").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0640U);
}

TEST(AuditLog, FullFile_IsPutAsideAndTheOldestGoes) {
  const test::TempDir dir;
  test::RecordingLogger logger;
  const auto log = AuditLog::Make(logger, {dir.File("audit.log"), 1024, 2}).value();
  for (int i = 0; i < 60; ++i) log->Write({.reason = std::string(100, 'x'), .ok = true});
  struct stat info = {};
  EXPECT_EQ(stat(dir.File("audit.2.log").c_str(), &info), 0);
  EXPECT_NE(stat(dir.File("audit.3.log").c_str(), &info), 0);
  ASSERT_EQ(stat(dir.File("audit.log").c_str(), &info), 0);
  EXPECT_LE(info.st_size, 1024);
}

TEST(AuditLog, MissingDirectory_IsAClearError) {
  const test::TempDir dir;
  test::RecordingLogger logger;
  // A file where the directory should be: spdlog makes missing directories itself.
  std::ofstream(dir.File("no")).put('x');
  EXPECT_THAT(AuditLog::Make(logger, {dir.File("no/audit.log"), 1024, 1}),
              test::StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("no/audit.log")));
}

}  // namespace
}  // namespace ovpnbroker::server
