#include "server/admin/logger_service.h"

#include <gmock/gmock.h>
#include <grpcpp/create_channel.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "ovpnbroker/admin/v1/logger_service.grpc.pb.h"
#include "server/admin/log_filter.h"
#include "server/admin/watch_reactor.h"
#include "tests/server/admin_fixture.h"
#include "tests/support/loop_runner.h"

namespace ovpnbroker::server {
namespace {

namespace v1 = admin::v1;
using config::v1::LogLevel;

struct Follower {
  std::unique_ptr<grpc::ClientContext> context;
  std::unique_ptr<grpc::ClientReader<v1::TailLogResponse>> reader;
};

Follower Follow(v1::LoggerService::Stub& stub, const v1::TailLogRequest& request) {
  Follower follower{std::make_unique<grpc::ClientContext>(), nullptr};
  follower.context->set_deadline(std::chrono::system_clock::now() + test::kFailSafe);
  follower.reader = stub.TailLog(follower.context.get(), request);
  return follower;
}

// Reads what is left.
grpc::Status EndOf(const Follower& follower) {
  v1::TailLogResponse response;
  while (follower.reader->Read(&response)) {
  }
  return follower.reader->Finish();
}

class LoggerServiceTest : public testing::Test {
 protected:
  LoggerServiceTest()
      : channel_(
            grpc::CreateChannel("unix:" + fixture_.socket(), grpc::InsecureChannelCredentials())),
        stub_(v1::LoggerService::NewStub(channel_)) {
    context_.set_deadline(std::chrono::system_clock::now() + test::kFailSafe);
  }

  // One line that the tail can tell from the audit's.
  void Say(const std::string& message, const std::string& instance = "office") {
    fixture_.log_tail().Warning("TEST", message, {{"instance", instance}});
  }

  AdminFixture fixture_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::LoggerService::Stub> stub_;
  grpc::ClientContext context_;
};

TEST_F(LoggerServiceTest, TailLog_WithoutFollowEndsAfterTheBacklog) {
  Say("one");
  Say("two");
  Say("three");
  v1::TailLogRequest request;
  request.set_backlog_count(2);
  const auto reader = stub_->TailLog(&context_, request);
  v1::TailLogResponse response;
  ASSERT_TRUE(reader->Read(&response));
  EXPECT_EQ(response.record().message(), "two");
  ASSERT_TRUE(reader->Read(&response));
  EXPECT_EQ(response.record().message(), "three");
  EXPECT_FALSE(reader->Read(&response));
  EXPECT_TRUE(reader->Finish().ok());
}

TEST_F(LoggerServiceTest, TailLog_FollowsTheInstanceAskedFor) {
  v1::TailLogRequest request;
  request.set_backlog_count(1);
  request.set_follow(true);
  request.set_instance("office");
  Say("first");
  const auto reader = stub_->TailLog(&context_, request);
  v1::TailLogResponse response;
  ASSERT_TRUE(reader->Read(&response));
  EXPECT_EQ(response.record().message(), "first");
  Say("elsewhere", "home");
  Say("second");
  ASSERT_TRUE(reader->Read(&response));
  EXPECT_EQ(response.record().message(), "second");
  context_.TryCancel();
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::CANCELLED);
}

TEST_F(LoggerServiceTest, TailLog_BacklogIsOfWhatContainsTheText) {
  Say("alice was let in");
  Say("bob was let in");
  Say("Alice has left");
  Say("nobody is here");
  v1::TailLogRequest request;
  request.set_backlog_count(2);
  request.set_text("ALICE");
  const auto reader = stub_->TailLog(&context_, request);
  v1::TailLogResponse response;
  ASSERT_TRUE(reader->Read(&response));
  EXPECT_EQ(response.record().message(), "alice was let in");
  ASSERT_TRUE(reader->Read(&response));
  EXPECT_EQ(response.record().message(), "Alice has left");
  EXPECT_FALSE(reader->Read(&response));
  EXPECT_TRUE(reader->Finish().ok());
}

TEST_F(LoggerServiceTest, TailLog_TextThatIsTooLongIsRefused) {
  v1::TailLogRequest request;
  request.set_text(std::string(LogFilter::kMaxText + 1, 'x'));
  const grpc::Status status = EndOf(Follow(*stub_, request));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(status.error_message(), "text: at most 256 bytes");
}

TEST_F(LoggerServiceTest, ReaderThatDoesNotRead_IsCutAndToldWhy) {
  v1::TailLogRequest request;
  request.set_backlog_count(1);
  request.set_follow(true);
  Say("first");
  const auto reader = stub_->TailLog(&context_, request);
  v1::TailLogResponse response;
  ASSERT_TRUE(reader->Read(&response));
  // Far more than the transport buffers; nobody waits here for the reader.
  const std::string long_line(2000, 'x');
  for (size_t i = 0; i < 3 * LogTail::kCapacity; ++i) Say(long_line);
  while (reader->Read(&response)) {
  }
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
}

TEST_F(LoggerServiceTest, OpenTail_DoesNotKeepTheServerFromStopping) {
  v1::TailLogRequest request;
  request.set_backlog_count(1);
  request.set_follow(true);
  Say("first");
  const auto reader = stub_->TailLog(&context_, request);
  v1::TailLogResponse response;
  ASSERT_TRUE(reader->Read(&response));
  fixture_.server().Shutdown(test::kFailSafe);
  EXPECT_FALSE(reader->Read(&response));
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(LoggerServiceTest, AsManyTailsAsAllowed_OneMoreOnlyWhenOneHasEnded) {
  v1::TailLogRequest request;
  request.set_backlog_count(1);
  request.set_follow(true);
  Say("first");
  std::vector<Follower> followers(AdminFixture::kMaxWatches);
  for (Follower& follower : followers) {
    follower = Follow(*stub_, request);
    v1::TailLogResponse response;
    ASSERT_TRUE(follower.reader->Read(&response));
  }
  EXPECT_EQ(EndOf(Follow(*stub_, request)).error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  // Another listener has its own.
  const auto elsewhere = v1::LoggerService::NewStub(grpc::CreateChannel(
      "unix:" + fixture_.socket_of(type::v1::ROLE_VIEWER), grpc::InsecureChannelCredentials()));
  const Follower viewer = Follow(*elsewhere, request);
  v1::TailLogResponse response;
  EXPECT_TRUE(viewer.reader->Read(&response));
  viewer.context->TryCancel();
  EndOf(viewer);

  followers.back().context->TryCancel();
  EXPECT_EQ(EndOf(followers.back()).error_code(), grpc::StatusCode::CANCELLED);
  followers.pop_back();
  // The server hears of the end a moment after the client.
  const auto fail_safe = std::chrono::steady_clock::now() + test::kFailSafe;
  Follower next = Follow(*stub_, request);
  while (!next.reader->Read(&response) && std::chrono::steady_clock::now() < fail_safe) {
    EXPECT_EQ(EndOf(next).error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
    next = Follow(*stub_, request);
  }
  EXPECT_EQ(response.record().message(), "first");
  followers.push_back(std::move(next));
  for (const Follower& follower : followers) {
    follower.context->TryCancel();
    EndOf(follower);
  }
}

TEST_F(LoggerServiceTest, SetLogLevel_FallsBackByItself) {
  v1::SetLogLevelRequest request;
  request.set_level(LogLevel::LOG_LEVEL_DEBUG);
  request.mutable_ttl()->set_seconds(3600);
  v1::SetLogLevelResponse set;
  ASSERT_TRUE(stub_->SetLogLevel(&context_, request, &set).ok());
  EXPECT_EQ(set.logger().level(), LogLevel::LOG_LEVEL_DEBUG);
  EXPECT_EQ(set.logger().configured_level(), LogLevel::LOG_LEVEL_INFO);
  EXPECT_TRUE(set.logger().has_reset_time());

  grpc::ClientContext context;
  v1::ResetLogLevelResponse reset;
  ASSERT_TRUE(stub_->ResetLogLevel(&context, {}, &reset).ok());
  EXPECT_EQ(reset.logger().level(), LogLevel::LOG_LEVEL_INFO);
  EXPECT_FALSE(reset.logger().has_reset_time());
}

TEST_F(LoggerServiceTest, SetLogLevel_BadLevelOrTtlIsRefused) {
  v1::SetLogLevelRequest request;
  v1::SetLogLevelResponse response;
  EXPECT_EQ(stub_->SetLogLevel(&context_, request, &response).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
  request.set_level(LogLevel::LOG_LEVEL_DEBUG);
  request.mutable_ttl()->set_seconds(int64_t{1} << 60);
  grpc::ClientContext context;
  EXPECT_EQ(stub_->SetLogLevel(&context, request, &response).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
}

}  // namespace
}  // namespace ovpnbroker::server
