// A ready connection: messages up, commands down, replies matched, losses.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/ovpn/management/connection_fixture.h"

namespace ovpnbroker::ovpn {
namespace {

using test::FakeManagementServer;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST_F(ConnectionTest, BytesOneByOne_GiveTheSameEvents) {
  ConnectReady();
  server_->SaySlowly(
      ">CLIENT:CONNECT,3,1\r\n>CLIENT:ENV,username=alice\r\n>CLIENT:ENV,password=pw\r\n"
      ">CLIENT:ENV,END\r\n");
  EXPECT_TRUE(RunUntilEvent("CONNECT 3,1 password=[pw] env=1"));
  EXPECT_FALSE(logger_.Mentions("pw"));
}

TEST_F(ConnectionTest, NotificationBeforeTheReply_KeepsTheOrderOfTheStream) {
  Connection& connection = ConnectReady();
  ASSERT_TRUE(RunUntilEvent("HOLD 0"));
  handler_.events.clear();
  server_->SetResponder([](const std::string&) {
    return ">CLIENT:DISCONNECT,7\r\n>CLIENT:ENV,END\r\n"
           "SUCCESS: common name 'x' found, 1 client(s) killed\r\n>BYTECOUNT_CLI:8,1,2\r\n";
  });
  connection.Send({"kill", "kill x\n"},
                  [&](const absl::StatusOr<Reply>&) { handler_.events.push_back("REPLY"); });
  ASSERT_TRUE(RunUntilEvent("BYTECOUNT 8 1 2"));
  EXPECT_THAT(handler_.events, ElementsAre("DISCONNECT 7 env=0", "REPLY", "BYTECOUNT 8 1 2"));
}

TEST_F(ConnectionTest, CommandsSentTogether_ArriveInOrderAndGetTheirOwnReplies) {
  Connection& connection = ConnectReady();
  connection.SendTogether(
      {{{"client-auth", "client-auth 4 1\npush \"x\"\nEND\n"}, Note("auth")},
       {{"client-pending-auth", "client-pending-auth 4 1 \"\" 60\n"}, Note("kick")}});
  connection.Send({"bogus", "bogus\n"}, Note("bogus"));
  connection.Send({"status", "status 3\n", true}, Note("status"));
  ASSERT_TRUE(RunUntilOutcomes(4));
  EXPECT_THAT(outcomes_, ElementsAre("auth: SUCCESS client-auth command succeeded",
                                     "kick: SUCCESS client-pending-auth command succeeded",
                                     "bogus: ERROR unknown command, enter 'help' for more options",
                                     "status: SUCCESS "));
  EXPECT_EQ(logger_.Count("MANAGEMENT_COMMAND_ERROR"), 1);
}

TEST_F(ConnectionTest, MultiLineCommandAnsweredWithError_EndsAtThatLine) {
  Connection& connection = ConnectReady();
  server_->SetResponder([](const std::string& line) -> std::string {
    return line == "pid" ? "SUCCESS: pid=1\r\n"
                         : "ERROR: The 'status' command is not supported\r\n";
  });
  connection.Send({"status", "status 3\n", true}, Note("status"));
  connection.Send({"pid", "pid\n"}, Note("pid"));
  ASSERT_TRUE(RunUntilOutcomes(2));
  EXPECT_THAT(outcomes_, ElementsAre("status: ERROR The 'status' command is not supported",
                                     "pid: SUCCESS pid=1"));
}

TEST_F(ConnectionTest, ReplyThatNobodyWaitsFor_EndsTheConnection) {
  ConnectReady();
  server_->Say("SUCCESS: surprise\r\n");
  ASSERT_TRUE(RunUntilEvent("LOST"));
  EXPECT_TRUE(absl::IsUnavailable(handler_.last_loss));
  ASSERT_TRUE(RunUntil([&] { return handler_.ready_count == 2; }));
}

TEST_F(ConnectionTest, ReplyTimeout_FailsAllAndReconnects) {
  Connection::Options options = MakeOptions();
  options.reply_timeout = std::chrono::milliseconds(200);
  Connection& connection = ConnectReady(std::move(options));
  server_->SetResponder([](const std::string& line) {
    return line.substr(0, 6) == "client" ? "" : FakeManagementServer::DefaultReply(line);
  });
  connection.Send({"client-kill", "client-kill 1\n"}, Note("first"));
  connection.Send({"client-kill", "client-kill 2\n"}, Note("second"));
  ASSERT_TRUE(RunUntilEvent("LOST"));
  EXPECT_THAT(outcomes_, ElementsAre("first: DEADLINE_EXCEEDED", "second: UNAVAILABLE"));
  EXPECT_TRUE(RunUntil([&] { return handler_.ready_count == 2; }));
}

TEST_F(ConnectionTest, LossInsideABlock_LeavesNothingToTheNextConnection) {
  Connection& connection = ConnectReady();
  server_->SetResponder([](const std::string& line) {
    return line == "pid" ? "" : FakeManagementServer::DefaultReply(line);
  });
  connection.Send({"pid", "pid\n"}, Note("pid"));
  ASSERT_TRUE(RunUntil([&] { return server_->Heard("pid"); }));
  server_->Say(">CLIENT:CONNECT,5,1\r\n>CLIENT:ENV,username=alice\r\n>BYTECOUNT_CLI:1,1");
  ASSERT_TRUE(RunUntil([&] { return server_->unsent_bytes() == 0; }));
  server_->HangUp();
  ASSERT_TRUE(RunUntil([&] { return handler_.ready_count == 2; }));
  EXPECT_THAT(outcomes_, ElementsAre("pid: UNAVAILABLE"));
  ASSERT_TRUE(RunUntil([&] { return handler_.events.back() == "HOLD 0"; }));
  EXPECT_THAT(handler_.events, ElementsAre("READY", "HOLD 0", "LOST", "READY", "HOLD 0"));
}

TEST_F(ConnectionTest, SendWithoutConnection_IsUnavailableButNotInsideTheCall) {
  Connection connection(loop_, MakeOptions(), handler_, logger_);
  connection.Send({"pid", "pid\n"}, Note("pid"));
  EXPECT_THAT(outcomes_, IsEmpty());
  ASSERT_TRUE(RunUntilOutcomes(1));
  EXPECT_THAT(outcomes_, ElementsAre("pid: UNAVAILABLE"));
}

TEST_F(ConnectionTest, PeerThatNeverReads_BoundsTheOutput) {
  Connection::Options options = MakeOptions();
  options.max_output_bytes = 4096;
  options.reply_timeout = std::chrono::hours(1);
  Connection& connection = ConnectReady(std::move(options));
  server_->StopReading();
  const std::string line = absl::StrCat("client-kill 1 ", std::string(700, 'x'), "\n");
  bool refused = false;
  for (int i = 0; i < 2000 && !refused; ++i) {
    connection.Send({"client-kill", line}, [&](const absl::StatusOr<Reply>& reply) {
      refused = absl::IsResourceExhausted(reply.status());
    });
    test::RunReady(loop_);
  }
  EXPECT_TRUE(refused);
  EXPECT_GE(logger_.Count("MANAGEMENT_OUTPUT_FULL"), 1);
  server_->Say(">BYTECOUNT_CLI:1,2,3\r\n");
  EXPECT_TRUE(RunUntilEvent("BYTECOUNT 1 2 3"));  // reading goes on
}

// OpenVPN reads no command while it has output queued: two sides that only write would wait for
// each other for ever.
TEST_F(ConnectionTest, FloodWhileOurWriteIsBlocked_IsReadToTheEnd) {
  Connection::Options options = MakeOptions();
  options.reply_timeout = std::chrono::hours(1);
  options.max_output_bytes = 16 * 1024 * 1024;
  Connection& connection = ConnectReady(std::move(options));
  server_->StopReading();
  test::RunReady(loop_);
  const std::string line = absl::StrCat("client-kill 1 ", std::string(700, 'x'), "\n");
  for (int i = 0; i < 2000; ++i) connection.Send({"client-kill", line}, Note("kill"));
  std::string flood;
  for (int i = 0; i < 50000; ++i) absl::StrAppend(&flood, ">BYTECOUNT_CLI:", i, ",1,2\r\n");
  server_->Say(flood);
  EXPECT_TRUE(RunUntilEvent("BYTECOUNT 49999 1 2"));
  EXPECT_TRUE(RunUntil([&] { return server_->unsent_bytes() == 0; }));
}

TEST_F(ConnectionTest, HalfWrittenCommand_IsNotContinuedOnTheNextConnection) {
  Connection::Options options = MakeOptions();
  options.reply_timeout = std::chrono::hours(1);
  Connection& connection = ConnectReady(std::move(options));
  server_->StopReading();
  test::RunReady(loop_);
  const std::string line = absl::StrCat("client-kill 1 ", std::string(700, 'x'), "\n");
  for (int i = 0; i < 1000; ++i) connection.Send({"client-kill", line}, Note("kill"));
  test::RunReady(loop_);
  const size_t heard = server_->lines().size();
  server_->HangUp();
  ASSERT_TRUE(RunUntil([&] { return handler_.ready_count == 2; }));
  EXPECT_EQ(outcomes_.size(), 1000U);
  const std::vector<std::string> after(
      server_->lines().begin() + static_cast<std::ptrdiff_t>(heard), server_->lines().end());
  EXPECT_THAT(after, ElementsAre("env-filter 0", "state on", "bytecount 10", "version"));
}

TEST_F(ConnectionTest, StopFromInsideAMessage_DeliversNothingMore) {
  Connection& connection = ConnectReady();
  ASSERT_TRUE(RunUntilEvent("HOLD 0"));
  handler_.on_message = [&] { connection.Stop(); };
  connection.Send({"pid", "nothing\n"}, Note("pid"));
  server_->Say(">BYTECOUNT_CLI:1,1,1\r\n>BYTECOUNT_CLI:2,2,2\r\n");
  ASSERT_TRUE(RunUntilOutcomes(1));
  EXPECT_EQ(handler_.events.back(), "BYTECOUNT 1 1 1");
  EXPECT_EQ(handler_.lost_count, 0);
  EXPECT_FALSE(connection.ready());
}

TEST_F(ConnectionTest, StopFromInsideReady_DropsTheEarlyMessages) {
  handler_.on_ready = [&] { connection_->Stop(); };
  Connect(MakeOptions());
  ASSERT_TRUE(RunUntilEvent("READY"));
  test::RunReady(loop_);
  EXPECT_THAT(handler_.events, ElementsAre("READY"));
}

TEST_F(ConnectionTest, StartAfterStop_ConnectsAgain) {
  ConnectReady().Stop();
  connection_->Start();
  ASSERT_TRUE(RunUntil([&] { return handler_.ready_count == 2; }));
}

TEST_F(ConnectionTest, Destroyed_CallsNobody) {
  ConnectReady().Send({"pid", "pid\n"}, Note("pid"));
  connection_->Stop();
  connection_.reset();
  test::RunReady(loop_);
  EXPECT_THAT(outcomes_, IsEmpty());
  EXPECT_EQ(handler_.lost_count, 0);
}

TEST_F(ConnectionTest, UnknownNotifications_AreCountedAndNamedOnce) {
  ConnectReady();
  server_->Say(">NEWS:today,secret-value\r\n>NEWS:again\r\n>BYTECOUNT_CLI:1,1,1\r\n");
  ASSERT_TRUE(RunUntilEvent("BYTECOUNT 1 1 1"));
  EXPECT_EQ(connection_->unknown_notifications().entries().at("NEWS").count, 2U);
  EXPECT_EQ(logger_.Count("MANAGEMENT_UNKNOWN_NOTIFICATION"), 1);
  EXPECT_FALSE(logger_.Mentions("secret-value"));
}

TEST_F(ConnectionTest, BrokenBlock_IsReportedAndTheConnectionGoesOn) {
  ConnectReady();
  server_->Say(">CLIENT:CONNECT,9,1\r\n>CLIENT:ENV,password=pw9\r\n>BYTECOUNT_CLI:1,1,1\r\n");
  ASSERT_TRUE(RunUntilEvent("BYTECOUNT 1 1 1"));
  EXPECT_TRUE(handler_.Saw(
      "PROTOCOL-ERROR CLIENT:CONNECT of CID 9 KID 1: broken off by another notification "
      "(waits: 9,1)"));
  EXPECT_EQ(logger_.Count("MANAGEMENT_PROTOCOL_ERROR"), 1);
  EXPECT_FALSE(logger_.Mentions("pw9"));
  EXPECT_TRUE(connection_->ready());
}

}  // namespace
}  // namespace ovpnbroker::ovpn
