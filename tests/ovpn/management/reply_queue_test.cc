#include "ovpn/management/reply_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>

namespace ovpnbroker::ovpn {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class ReplyQueueTest : public ::testing::Test {
 protected:
  void Expect(const std::string& name, bool multi_line = false) {
    queue_.Expect(name, multi_line, [](const absl::StatusOr<Reply>&) {}, now_);
  }
  // The command that `line` completes; nullopt when none.
  std::optional<ReplyQueue::Completed> Line(const std::string& line) {
    auto completed = queue_.OnLine(line, now_);
    EXPECT_TRUE(completed.ok()) << completed.status();
    return completed.ok() ? *std::move(completed) : std::nullopt;
  }

  ReplyQueue queue_{seconds(10)};
  SteadyTime now_{};
};

TEST_F(ReplyQueueTest, OneLineReplies_GoToTheCommandsInOrder) {
  Expect("first");
  Expect("second");
  const auto first = Line("SUCCESS: a, b: c");
  EXPECT_EQ(first->name, "first");
  EXPECT_TRUE(first->reply.success);
  EXPECT_EQ(first->reply.text, "a, b: c");
  const auto second = Line("ERROR: no");
  EXPECT_EQ(second->name, "second");
  EXPECT_FALSE(second->reply.success);
  EXPECT_EQ(second->reply.text, "no");
  EXPECT_TRUE(queue_.empty());
}

TEST_F(ReplyQueueTest, MultiLineReply_RunsUntilEnd) {
  Expect("status", true);
  Expect("pid");
  EXPECT_FALSE(Line("TITLE\tx").has_value());
  EXPECT_FALSE(Line("ERROR: is only a row here").has_value());
  EXPECT_FALSE(Line("SUCCESS: too").has_value());
  const auto status = Line("END");
  EXPECT_TRUE(status->reply.success);
  EXPECT_THAT(status->reply.lines,
              ElementsAre("TITLE\tx", "ERROR: is only a row here", "SUCCESS: too"));
  EXPECT_EQ(Line("SUCCESS: pid=1")->name, "pid");
}

TEST_F(ReplyQueueTest, EmptyMultiLineReply_HasNoLines) {
  Expect("log", true);
  EXPECT_THAT(Line("END")->reply.lines, IsEmpty());
}

TEST_F(ReplyQueueTest, ErrorInsteadOfAMultiLineReply_CompletesItAtOnce) {
  Expect("status", true);
  const auto status = Line("ERROR: not supported");
  EXPECT_FALSE(status->reply.success);
  EXPECT_EQ(status->reply.text, "not supported");
}

TEST_F(ReplyQueueTest, LineWithoutCommand_IsOutOfStep) {
  EXPECT_EQ(queue_.OnLine("SUCCESS: x", now_).status().code(), absl::StatusCode::kInternal);
}

TEST_F(ReplyQueueTest, OtherTextForAOneLineCommand_IsOutOfStep) {
  for (const char* line : {"END", "", "SUCCESS", "success: x", "TITLE\tx"}) {
    Expect("pid");
    EXPECT_EQ(queue_.OnLine(line, now_).status().code(), absl::StatusCode::kInternal) << line;
    queue_.TakeAll();
  }
}

TEST_F(ReplyQueueTest, Deadline_IsTheOldestCommandsAndMovesWithEachLine) {
  EXPECT_EQ(queue_.NextDeadline(), std::nullopt);
  Expect("status", true);
  now_ += seconds(4);
  Expect("pid");
  EXPECT_EQ(queue_.NextDeadline(), SteadyTime{} + seconds(10));
  EXPECT_EQ(queue_.OldestName(), "status");
  Line("row");
  EXPECT_EQ(queue_.NextDeadline(), SteadyTime{} + seconds(14));
  now_ += seconds(9);
  Line("END");
  EXPECT_EQ(queue_.NextDeadline(),
            SteadyTime{} + seconds(23));  // OpenVPN is alive, pid's turn begins
}

TEST_F(ReplyQueueTest, TakeAll_ForgetsHalfAReply) {
  Expect("status", true);
  Line("row");
  Expect("pid");
  EXPECT_THAT(queue_.TakeAll(), SizeIs(2));
  Expect("status", true);
  EXPECT_THAT(Line("END")->reply.lines, IsEmpty());
}

TEST_F(ReplyQueueTest, EndlessReply_IsOutOfStep) {
  Expect("status", true);
  const std::string line(10000, 'x');
  absl::Status status;
  for (size_t size = 0; size <= ReplyQueue::kMaxReplyBytes && status.ok(); size += line.size()) {
    status = queue_.OnLine(line, now_).status();
  }
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
}

}  // namespace
}  // namespace ovpnbroker::ovpn
