// The decision log: what a line holds, where it goes, and what happens when nobody can write it.
#include "server/decision_record_log.h"

#include <gmock/gmock.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>
#include <spdlog/sinks/base_sink.h>

#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <sstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "ovpnbroker/admin/v1/decision_service.pb.h"
#include "tests/support/auth_request_builder.h"
#include "tests/support/recording_logger.h"
#include "tests/support/source_dir.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace ovpnbroker::server {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

policy::DecisionRecord Record(const std::string& id) {
  policy::DecisionRecord record;
  record.id = id;
  record.identity = test::ClientNamed("alice\xff\n");
  record.attempt_list.resize(1);
  record.replies.resize(1);
  return record;
}

std::string Read(const std::string& path) {
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

std::vector<std::string> Ids(const std::string& path) {
  std::vector<std::string> ids;
  for (const absl::string_view line : absl::StrSplit(Read(path), '\n', absl::SkipEmpty())) {
    admin::v1::Decision decision;
    EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(std::string(line), &decision).ok())
        << line;
    ids.push_back(decision.id());
  }
  return ids;
}

DecisionRecordLogOptions FileOptions(const std::string& path) {
  return {{path, size_t{1} << 20, 2}, std::nullopt, 1024};
}

// A disk that takes nothing until it is let go.
class StuckSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  void LetGo() {
    const std::lock_guard<std::mutex> lock(state_mutex_);
    open_ = true;
    changed_.notify_all();
  }
  void AwaitEntered() {
    std::unique_lock<std::mutex> lock(state_mutex_);
    changed_.wait(lock, [this] { return entered_; });
  }

 private:
  void sink_it_(const spdlog::details::log_msg&) override {
    std::unique_lock<std::mutex> lock(state_mutex_);
    entered_ = true;
    changed_.notify_all();
    changed_.wait(lock, [this] { return open_; });
  }
  void flush_() override {}

  std::mutex state_mutex_;
  std::condition_variable changed_;
  bool entered_ = false;
  bool open_ = false;
};

class FailingSink final : public spdlog::sinks::base_sink<std::mutex> {
  void sink_it_(const spdlog::details::log_msg&) override { throw spdlog::spdlog_ex("disk full"); }
  void flush_() override {}
};

// Adds the names of all fields of `type` and of the messages inside it.
void AddFieldNames(const google::protobuf::Descriptor& type, std::vector<std::string>& names) {
  for (int i = 0; i < type.field_count(); ++i) {
    names.push_back(type.field(i)->name());
    const auto* inner = type.field(i)->message_type();
    if (inner != nullptr && inner->file() == type.file() && !inner->options().map_entry()) {
      AddFieldNames(*inner, names);
    }
  }
}

TEST(DecisionRecordLog, EveryField_IsInTheRecordAndDocumented) {
  const std::string json = DecisionRecordJson(Record("d1"));
  const std::string page = Read(absl::StrCat(test::SourceDir(), "/docs/decision-log.md"));
  ASSERT_NE(page, "");
  std::vector<std::string> names;
  AddFieldNames(*admin::v1::Decision::descriptor(), names);
  for (const std::string& name : names) {
    // The one that the page calls absent: nobody replied.
    if (name != "end") {
      EXPECT_THAT(json, HasSubstr(absl::StrCat("\"", name, "\":")));
    }
    EXPECT_THAT(page, HasSubstr(absl::StrCat("`", name, "`")));
  }
  EXPECT_FALSE(absl::StrContains(json, "\n"));
}

TEST(DecisionRecordLog, File_GetsOneLineADecision) {
  const test::TempDir dir;
  test::RecordingLogger logger;
  {
    DecisionRecordLog log(logger);
    ASSERT_TRUE(log.Open(FileOptions(dir.File("decisions"))).ok());
    log.OnDecisionRecord(Record("d1"));
    log.OnDecisionRecord(Record("d2"));
  }
  EXPECT_THAT(Ids(dir.File("decisions")), ElementsAre("d1", "d2"));
  EXPECT_THAT(logger.lines(), SizeIs(0));
}

TEST(DecisionRecordLog, Full_IsPutAside) {
  const test::TempDir dir;
  test::RecordingLogger logger;
  DecisionRecordLogOptions options = FileOptions(dir.File("decisions"));
  options.file.max_bytes = DecisionRecordJson(Record("d1")).size() + 10;
  {
    DecisionRecordLog log(logger);
    ASSERT_TRUE(log.Open(options).ok());
    for (const char* id : {"d1", "d2", "d3", "d4"}) log.OnDecisionRecord(Record(id));
  }
  EXPECT_THAT(Ids(dir.File("decisions")), ElementsAre("d4"));
  EXPECT_THAT(Ids(dir.File("decisions.1")), ElementsAre("d3"));
  EXPECT_THAT(Ids(dir.File("decisions.2")), ElementsAre("d2"));
  EXPECT_FALSE(std::filesystem::exists(dir.File("decisions.3")));
}

TEST(DecisionRecordLog, MovedAway_ReopenBeginsANewFile) {
  const test::TempDir dir;
  test::RecordingLogger logger;
  {
    DecisionRecordLog log(logger);
    ASSERT_TRUE(log.Open(FileOptions(dir.File("decisions"))).ok());
    std::filesystem::rename(dir.File("decisions"), dir.File("moved"));
    log.Reopen();
    log.OnDecisionRecord(Record("d2"));
  }
  EXPECT_THAT(Ids(dir.File("decisions")), ElementsAre("d2"));
  EXPECT_TRUE(std::filesystem::exists(dir.File("moved")));
}

TEST(DecisionRecordLog, NoSuchDirectory_IsAnErrorThatNamesTheField) {
  const test::TempDir dir;
  test::RecordingLogger logger;
  // A path below a file: no directory can be made for it.
  std::ofstream(dir.File("file")) << "x";
  DecisionRecordLog log(logger);
  const absl::Status status = log.Open(FileOptions(dir.File("file/decisions")));
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("decision_log.file"), HasSubstr("file/decisions")));
}

TEST(DecisionRecordLog, StuckDisk_LosesTheOldestAndTells) {
  test::RecordingLogger logger;
  const auto disk = std::make_shared<StuckSink>();
  DecisionRecordLog log(logger);
  log.Open(2, {disk});
  log.OnDecisionRecord(Record("d1"));
  disk->AwaitEntered();  // the writer holds d1; two more find room
  for (const char* id : {"d2", "d3", "d4", "d5"}) log.OnDecisionRecord(Record(id));
  EXPECT_EQ(log.dropped(), 2u);
  EXPECT_EQ(logger.Count("DECISION_LOG_DROPPED"), 2);
  EXPECT_TRUE(logger.Mentions("total=2"));
  disk->LetGo();
}

TEST(DecisionRecordLog, DiskFull_IsToldOnce) {
  test::RecordingLogger logger;
  {
    DecisionRecordLog log(logger);
    log.Open(16, {std::make_shared<FailingSink>()});
    for (const char* id : {"d1", "d2", "d3"}) log.OnDecisionRecord(Record(id));
  }
  EXPECT_EQ(logger.Count("DECISION_LOG_NOT_WRITTEN"), 1);
  EXPECT_TRUE(logger.Mentions("disk full"));
}

}  // namespace
}  // namespace ovpnbroker::server
