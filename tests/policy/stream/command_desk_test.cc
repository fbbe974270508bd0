#include "policy/stream/command_desk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "google/rpc/code.pb.h"
#include "google/rpc/error_details.pb.h"
#include "tests/support/fake_session_access.h"
#include "tests/support/manual_clock.h"
#include "tests/support/recording_logger.h"

namespace ovpnbroker::policy {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class CommandDeskTest : public ::testing::Test {
 protected:
  CommandDeskTest() {
    options_.name = "corp";
    options_.sessions = &sessions_;
    options_.instances = {"office"};
    options_.command_rate = 10;
    options_.command_burst = 3;
    sessions_.Establish("a");
    sessions_.Establish("x", "lab");
  }
  static v1::Command Kill(const std::string& id, const std::string& uid,
                          const std::string& reason = "quota") {
    v1::Command command;
    command.set_command_id(id);
    command.mutable_kill_session()->set_session_uid(uid);
    command.mutable_kill_session()->set_reason(reason);
    return command;
  }
  void Execute(const v1::Command& command) {
    desk_->Execute(command, "unix:/p", [this](const google::rpc::Status& status) {
      answers_.push_back(status.code());
      last_ = status;
    });
  }

  test::ManualClock clock_;
  test::RecordingLogger logger_;
  test::FakeSessionAccess sessions_{clock_};
  StreamPolicyOptions options_;
  std::optional<CommandDesk> desk_ = std::nullopt;
  std::vector<int> answers_;
  google::rpc::Status last_;

  void SetUp() override { desk_.emplace(options_, clock_, logger_); }
};

TEST_F(CommandDeskTest, Kill_AnsweredOnlyWhenOpenVpnTookIt) {
  v1::Command command = Kill("c1", "a");
  command.mutable_kill_session()->set_disposition(v1::KillSession::DISPOSITION_HALT);
  Execute(command);
  ASSERT_THAT(sessions_.kills, SizeIs(1));
  EXPECT_EQ(sessions_.kills[0].uid, "a");
  EXPECT_TRUE(sessions_.kills[0].halt);
  EXPECT_EQ(sessions_.kills[0].reason, "quota");
  EXPECT_THAT(answers_, IsEmpty());
  sessions_.kills[0].done(absl::OkStatus());
  EXPECT_THAT(answers_, ElementsAre(google::rpc::OK));
  EXPECT_EQ(logger_.Count("POLICY_COMMAND"), 1);
}

TEST_F(CommandDeskTest, Repeated_IsCarriedOutOnceAndAnsweredEachTime) {
  Execute(Kill("c1", "a"));
  Execute(Kill("c1", "a"));
  ASSERT_THAT(sessions_.kills, SizeIs(1));
  sessions_.kills[0].done(absl::OkStatus());
  Execute(Kill("c1", "a"));
  EXPECT_THAT(sessions_.kills, SizeIs(1));
  EXPECT_THAT(answers_, ElementsAre(google::rpc::OK, google::rpc::OK, google::rpc::OK));
}

TEST_F(CommandDeskTest, RepeatedAfterTenMinutes_IsANewCommand) {
  Execute(Kill("c1", "a"));
  sessions_.kills[0].done(absl::OkStatus());
  clock_.Advance(StreamLimits::kCommandMemory + std::chrono::seconds(1));
  Execute(Kill("c1", "a"));
  EXPECT_THAT(sessions_.kills, SizeIs(2));
}

TEST_F(CommandDeskTest, NotTaken_MayBeRepeatedUnderItsId) {
  Execute(Kill("c1", "a"));
  sessions_.kills[0].done(absl::UnavailableError("not connected"));
  Execute(Kill("c1", "a"));
  sessions_.kills[1].done(absl::OkStatus());
  EXPECT_THAT(answers_, ElementsAre(google::rpc::UNAVAILABLE, google::rpc::OK));
}

TEST_F(CommandDeskTest, Session_EndedUnknownOrNotGoverned_SaysWhich) {
  sessions_.End("a");
  Execute(Kill("c1", "a"));
  Execute(Kill("c2", "nobody"));
  Execute(Kill("c3", "x"));
  EXPECT_THAT(answers_,
              ElementsAre(google::rpc::OK, google::rpc::NOT_FOUND, google::rpc::PERMISSION_DENIED));
  EXPECT_THAT(sessions_.kills, IsEmpty());
}

TEST_F(CommandDeskTest, Malformed_IsRefused) {
  Execute(Kill("", "a"));
  Execute(Kill("c2", "a", "two\nlines"));
  v1::Command unknown;
  unknown.set_command_id("c3");
  Execute(unknown);
  EXPECT_THAT(answers_, ElementsAre(google::rpc::INVALID_ARGUMENT, google::rpc::INVALID_ARGUMENT,
                                    google::rpc::UNIMPLEMENTED));
  EXPECT_THAT(sessions_.kills, IsEmpty());
}

TEST_F(CommandDeskTest, MassKill_IsLimitedAndToldWhenToRetry) {
  for (int i = 0; i < 5; ++i) Execute(Kill(absl::StrCat("c", i), "a"));
  EXPECT_THAT(sessions_.kills, SizeIs(3));
  EXPECT_THAT(answers_,
              ElementsAre(google::rpc::RESOURCE_EXHAUSTED, google::rpc::RESOURCE_EXHAUSTED));
  EXPECT_EQ(logger_.Count("POLICY_COMMANDS_LIMITED"), 1);
  google::rpc::RetryInfo retry;
  ASSERT_TRUE(last_.details(1).UnpackTo(&retry));
  EXPECT_EQ(retry.retry_delay().nanos(), 100'000'000);
  clock_.Advance(std::chrono::milliseconds(100));
  Execute(Kill("c4", "a"));
  EXPECT_THAT(sessions_.kills, SizeIs(4));
}

}  // namespace
}  // namespace ovpnbroker::policy
