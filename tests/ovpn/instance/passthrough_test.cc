#include "ovpn/instance/passthrough.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "tests/ovpn/instance/passthrough_fixture.h"

namespace ovpnbroker::ovpn {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

constexpr absl::string_view kNotConnected = "ERROR: the broker is not connected";

const std::vector<std::string>& StatusLines() {
  static const std::vector<std::string>& lines = *new std::vector<std::string>{
      "TITLE\tOpenVPN", "TIME\t2026-11-24 22:36:29\t1795559789",
      "HEADER\tCLIENT_LIST\tCommon Name\tReal Address\tBytes Received\tBytes Sent\tConnected Since",
      "CLIENT_LIST\talice\t192.0.2.1:5\t1\t2\tnow"};
  return lines;
}

TEST_F(PassthroughTest, Question_IsPassedOnAndItsReplyBack) {
  Make();
  TestTool tool = Connect();
  Say(tool, "pid\nload-");
  EXPECT_EQ(Asked(), "pid\n");
  channel_.Reply(true, "pid=7");
  EXPECT_EQ(tool.Heard(), "SUCCESS: pid=7\r\n");
  Say(tool, "stats\n");
  EXPECT_EQ(Asked(), "load-stats\n");
  channel_.Reply(false, "no");
  EXPECT_EQ(tool.Heard(), "ERROR: no\r\n");
}

TEST_F(PassthroughTest, ManyTools_OneQuestionAtATimeInOrder) {
  Make();
  TestTool first = Connect();
  TestTool second = Connect();
  Say(first, "pid\nlog 2\n");
  Say(second, "version\n");
  EXPECT_EQ(Asked(), "pid\n");
  EXPECT_EQ(channel_.waiting.size(), 1U);
  channel_.Reply(true, "pid=7");
  // The first one's second command came after the second one's first.
  EXPECT_EQ(Asked(), "version\n");
  channel_.Reply(true, "", {"OpenVPN Version: x", "Management Version: 5"});
  EXPECT_EQ(Asked(), "log 2\n");
  channel_.Reply(true, "", {"1,I,a", "2,W,b"});
  EXPECT_EQ(first.Heard(), "SUCCESS: pid=7\r\n1,I,a\r\n2,W,b\r\nEND\r\n");
  EXPECT_EQ(second.Heard(), "OpenVPN Version: x\r\nManagement Version: 5\r\nEND\r\n");
}

TEST_F(PassthroughTest, EmptyHistory_IsItsEnd) {
  Make();
  TestTool tool = Connect();
  Say(tool, "echo on all\n");
  EXPECT_EQ(Asked(), "echo on\n");
  channel_.Reply(true, "real-time echo notification set to ON");
  EXPECT_EQ(Asked(), "echo all\n");
  EXPECT_EQ(tool.Heard(), "");
  channel_.Reply(true);
  EXPECT_EQ(tool.Heard(), "SUCCESS: real-time echo notification set to ON\r\nEND\r\n");
}

TEST_F(PassthroughTest, StatusOfManyTools_SharesOneReplyInEachFormat) {
  Make();
  TestTool first = Connect();
  TestTool second = Connect();
  TestTool third = Connect();
  Say(first, "status 3\n");
  EXPECT_EQ(Asked(), "status 3\n");
  Say(second, "status\n");
  Say(third, "status 2\n");
  channel_.Reply(true, "", StatusLines());
  EXPECT_THAT(first.Heard(), AllOf(StartsWith("TITLE\tOpenVPN\r\n"), EndsWith("END\r\n")));
  // The others wait until the interval is over; then one command serves both.
  EXPECT_EQ(Asked(), "");
  EXPECT_EQ(deadline_, clock_.Now() + Passthrough::kStatusInterval);
  Pass(Passthrough::kStatusInterval);
  EXPECT_EQ(Asked(), "status 3\n");
  channel_.Reply(true, "", StatusLines());
  EXPECT_THAT(second.Heard(),
              AllOf(StartsWith("OpenVPN CLIENT LIST\r\n"),
                    HasSubstr("\r\nalice,192.0.2.1:5,1,2,now\r\n"), EndsWith("END\r\n")));
  EXPECT_THAT(third.Heard(), HasSubstr("\r\nCLIENT_LIST,alice,192.0.2.1:5,1,2,now\r\n"));
  EXPECT_EQ(Asked(), "");
}

TEST_F(PassthroughTest, StatusThatMustWait_HoldsUpNoOtherQuestion) {
  Make();
  TestTool first = Connect();
  TestTool second = Connect();
  Say(first, "status 3\nstatus 3\n");
  channel_.Reply(true, "", StatusLines());
  Say(second, "pid\n");
  EXPECT_EQ(Asked(), "status 3\npid\n");
}

TEST_F(PassthroughTest, StatusOnHold_IsOpenvpnsError) {
  Make();
  TestTool tool = Connect();
  Say(tool, "status 1\n");
  channel_.Reply(false, "The 'status' command is not supported by the current daemon mode");
  EXPECT_EQ(tool.Heard(),
            "ERROR: The 'status' command is not supported by the current daemon mode\r\n");
}

TEST_F(PassthroughTest, ConfiguredStatusVersion_IsWhatStatusAloneMeans) {
  PassthroughConfig config;
  config.status_version = 2;
  Make(config);
  TestTool tool = Connect();
  Say(tool, "status\n");
  channel_.Reply(true, "", StatusLines());
  EXPECT_THAT(tool.Heard(), StartsWith("TITLE,OpenVPN\r\n"));
}

TEST_F(PassthroughTest, Notifications_GoToWhoAskedForThem) {
  Make();
  TestTool first = Connect();
  TestTool second = Connect();
  Say(first, "state on\n");
  EXPECT_EQ(Asked(), "");  // the broker has it on anyway
  EXPECT_EQ(first.Heard(), "SUCCESS: real-time state notification set to ON\r\n");
  Say(second, "log on\n");
  EXPECT_EQ(Asked(), "log on\n");
  passthrough_->OnMessage(LogLine{1, "I", "too early"});
  EXPECT_EQ(second.Heard(), "");
  channel_.Reply(true, "real-time log notification set to ON");
  EXPECT_EQ(second.Heard(), "SUCCESS: real-time log notification set to ON\r\n");

  passthrough_->OnMessage(State("9,CONNECTED,SUCCESS,10.8.0.1,,,,,"));
  passthrough_->OnMessage(LogLine{2, "W", "text, with commas"});
  passthrough_->OnMessage(Count(3));
  EXPECT_EQ(first.Heard(), ">STATE:9,CONNECTED,SUCCESS,10.8.0.1,,,,,\r\n");
  EXPECT_EQ(second.Heard(), ">LOG:2,W,text, with commas\r\n");

  Say(first, "state off\n");
  passthrough_->OnMessage(State("10,EXITING"));
  EXPECT_EQ(first.Heard(), "SUCCESS: real-time state notification set to OFF\r\n");
}

TEST_F(PassthroughTest, LogOnAtHighVerbosity_IsRefused) {
  PassthroughConfig config;
  config.verbosity = Passthrough::kMaxLogVerbosity + 1;
  Make(config);
  TestTool tool = Connect();
  Say(tool, "log on\n");
  EXPECT_THAT(tool.Heard(),
              StartsWith("ERROR: 'log on' is refused while OpenVPN's verb is above 6"));
  EXPECT_EQ(Asked(), "");
  passthrough_->OnMessage(LogLine{1, "I", "x"});
  EXPECT_EQ(tool.Heard(), "");
  Say(tool, "log 5\n");
  EXPECT_EQ(Asked(), "log 5\n");
}

TEST_F(PassthroughTest, LogOfTwoTools_IsOnUntilTheLastOneLeaves) {
  Make();
  TestTool first = Connect();
  TestTool second = Connect();
  Say(first, "log on\n");
  channel_.Reply(true);
  Say(second, "log on\n");
  EXPECT_EQ(Asked(), "log on\n");  // once
  Say(first, "log off\n");
  EXPECT_EQ(Asked(), "");
  passthrough_->OnGone(*second.id);
  EXPECT_EQ(Asked(), "log off\n");
}

TEST_F(PassthroughTest, ByteCounts_AreAskedForAtTheShortestIntervalAndToldAtEachOnes) {
  Make();
  TestTool fast = Connect();
  TestTool slow = Connect();
  Say(slow, "bytecount 20\n");
  EXPECT_EQ(Asked(), "");  // the broker has 5 s
  EXPECT_EQ(slow.Heard(), "SUCCESS: bytecount interval changed\r\n");
  Say(fast, "bytecount 2\n");
  EXPECT_EQ(Asked(), "bytecount 2\n");
  channel_.Reply(true, "bytecount interval changed");
  EXPECT_EQ(fast.Heard(), "SUCCESS: bytecount interval changed\r\n");

  int told_fast = 0;
  int told_slow = 0;
  for (int second = 0; second < 40; second += 2) {
    passthrough_->OnMessage(Count(7));
    passthrough_->OnMessage(Count(8));
    told_fast += fast.Heard().empty() ? 0 : 1;
    const std::string heard = slow.Heard();
    if (!heard.empty()) {
      EXPECT_EQ(heard, ">BYTECOUNT_CLI:7,10,20\r\n>BYTECOUNT_CLI:8,10,20\r\n");
      ++told_slow;
    }
    Pass(std::chrono::seconds(2));
  }
  EXPECT_EQ(told_fast, 20);
  EXPECT_EQ(told_slow, 2);

  Say(fast, "bytecount 0\n");
  EXPECT_EQ(Asked(), "bytecount 5\n");
}

TEST_F(PassthroughTest, ClientThatCountsFromNew_IsToldAtOnce) {
  Make();
  TestTool tool = Connect();
  Say(tool, "bytecount 60\n");
  tool.Heard();
  passthrough_->OnMessage(Count(0));
  passthrough_->OnMessage(Count(0));
  EXPECT_EQ(tool.Heard(), ">BYTECOUNT_CLI:0,10,20\r\n");
  passthrough_->OnMessage(ClientEvent(ClientDisconnect{{0}, {}}));
  passthrough_->OnMessage(Count(0));
  EXPECT_EQ(tool.Heard(), ">BYTECOUNT_CLI:0,10,20\r\n");
  passthrough_->OnMessage(Hold{});
  passthrough_->OnMessage(Count(0));
  EXPECT_EQ(tool.Heard(), ">BYTECOUNT_CLI:0,10,20\r\n");
}

TEST_F(PassthroughTest, ClientNotifications_OnlyWhenConfigured) {
  const auto connect = [] {
    Environment::Builder environment;
    environment.Add("common_name", "alice");
    return Message(ClientEvent(ClientConnect{.reauth = false,
                                             .cid = {4},
                                             .kid = {1},
                                             .environment = environment.Build(),
                                             .password = Secret("hunter2")}));
  };
  Make();
  TestTool tool = Connect();
  passthrough_->OnMessage(connect());
  EXPECT_EQ(tool.Heard(), "");
  passthrough_->OnMessage(Fatal{"bad"});
  EXPECT_EQ(tool.Heard(), ">FATAL:bad\r\n");

  PassthroughConfig config;
  config.client_notifications = true;
  Make(config);
  tool = Connect();
  passthrough_->OnMessage(connect());
  EXPECT_EQ(tool.Heard(),
            ">CLIENT:CONNECT,4,1\r\n>CLIENT:ENV,common_name=alice\r\n>CLIENT:ENV,END\r\n");
}

TEST_F(PassthroughTest, NotConnected_IsAnErrorAndNobodyIsCut) {
  Make();
  channel_.is_ready = false;
  TestTool tool = Connect();
  Say(tool, "status 3\nlog on all\npid\nhelp\nbytecount 1\nstate on\n");
  const std::string heard = tool.Heard();
  EXPECT_EQ(heard.find("SUCCESS"), heard.rfind("SUCCESS"));  // state on
  const std::vector<std::string> parts = absl::StrSplit(heard, kNotConnected);
  EXPECT_EQ(parts.size(), 1U + 4U);
  EXPECT_EQ(Asked(), "");
  channel_.is_ready = true;
  passthrough_->OnReady(Greeting());
  EXPECT_EQ(Asked(), "");  // what was answered with an error is not asked for later
}

TEST_F(PassthroughTest, LostConnection_AnswersAllAndRestoresSubscriptions) {
  Make();
  TestTool first = Connect();
  TestTool second = Connect();
  Say(first, "log on\n");
  channel_.Reply(true);
  Say(first, "bytecount 1\n");
  channel_.Reply(true);
  first.Heard();
  Say(first, "pid\n");
  Say(second, "version\n");
  Asked();
  channel_.Lose();
  EXPECT_THAT(first.Heard(), StartsWith(kNotConnected));
  EXPECT_THAT(second.Heard(), StartsWith(kNotConnected));
  channel_.is_ready = true;
  passthrough_->OnReady(Greeting());
  EXPECT_EQ(Asked(), "log on\nbytecount 1\n");
  Say(second, "pid\n");
  EXPECT_EQ(Asked(), "pid\n");
}

TEST_F(PassthroughTest, ConnectionLostBetweenTwoSteps_KeepsWhatWasGranted) {
  Make();
  TestTool tool = Connect();
  Say(tool, "log on all\n");
  channel_.Reply(true, "real-time log notification set to ON");
  channel_.Lose();
  EXPECT_THAT(tool.Heard(),
              AllOf(StartsWith("SUCCESS: real-time log"), HasSubstr("\r\nERROR: the broker")));
  Asked();
  channel_.is_ready = true;
  passthrough_->OnReady(Greeting());
  EXPECT_EQ(Asked(), "log on\n");
}

TEST_F(PassthroughTest, SubscriptionThatFails_IsNotAskedForAgain) {
  Make();
  TestTool tool = Connect();
  Say(tool, "log on\n");
  Asked();
  channel_.Lose();
  EXPECT_THAT(tool.Heard(), StartsWith(kNotConnected));
  channel_.is_ready = true;
  passthrough_->OnReady(Greeting());
  EXPECT_EQ(Asked(), "");
}

TEST_F(PassthroughTest, StatusThatWaitsWhenTheConnectionIsLost_IsAnswered) {
  Make();
  TestTool tool = Connect();
  Say(tool, "status 3\nstatus 3\n");
  channel_.Reply(true, "", StatusLines());
  tool.Heard();
  channel_.Lose();
  Pass(Passthrough::kStatusInterval);
  EXPECT_THAT(tool.Heard(), StartsWith(kNotConnected));
}

TEST_F(PassthroughTest, RefusedCommand_IsAnsweredLoggedOnceAndNeverPassedOn) {
  Make();
  TestTool tool = Connect();
  Say(tool, "client-auth 0 1\npush \"x\"\nkill alice\nquit\nEND\nkill alice\npid\n");
  EXPECT_EQ(Asked(), "pid\n");
  EXPECT_THAT(tool.Heard(), AllOf(StartsWith("ERROR: the 'client-auth' command is refused"),
                                  HasSubstr("\r\nERROR: the 'kill' command is refused")));
  EXPECT_EQ(logger_.Count("PASSTHROUGH_REFUSED"), 1);
  EXPECT_FALSE(logger_.Mentions("alice"));
  EXPECT_FALSE(tool.port->left);
}

TEST_F(PassthroughTest, Quit_LeavesAndDropsTheRest) {
  Make();
  TestTool tool = Connect();
  Say(tool, "quit\npid\n");
  EXPECT_TRUE(tool.port->left);
  EXPECT_EQ(Asked(), "");
  EXPECT_EQ(passthrough_->size(), 0U);
}

TEST_F(PassthroughTest, EndOfInput_AnswersWhatWasAskedBeforeItLeaves) {
  Make();
  TestTool tool = Connect();
  Say(tool, "pid\nversion\n");
  passthrough_->OnInputEnd(*tool.id);
  channel_.Reply(true, "pid=7");
  EXPECT_FALSE(tool.port->left);
  channel_.Reply(true, "", {"x"});
  EXPECT_EQ(tool.Heard(), "SUCCESS: pid=7\r\nx\r\nEND\r\n");
  EXPECT_TRUE(tool.port->left);
}

TEST_F(PassthroughTest, ToolThatLeavesWhileItsQuestionIsOut_LeavesTheOthersInStep) {
  Make();
  TestTool first = Connect();
  TestTool second = Connect();
  Say(first, "pid\n");
  Say(second, "version\n");
  passthrough_->OnGone(*first.id);
  channel_.Reply(true, "pid=7");
  channel_.Reply(true, "", {"x"});
  EXPECT_EQ(first.Heard(), "");
  EXPECT_EQ(second.Heard(), "x\r\nEND\r\n");
}

TEST_F(PassthroughTest, SlowReader_IsCutAtTheLimitAndTheOthersAreNot) {
  PassthroughConfig config;
  config.max_output_bytes = 100;
  Make(config);
  TestTool slow = Connect();
  TestTool quick = Connect();
  Say(slow, "state on\n");
  Say(quick, "state on\n");
  quick.Heard();
  slow.port->stuck = true;
  const std::string text(40, 'x');
  for (int i = 0; i < 5; ++i) passthrough_->OnMessage(State(text));
  EXPECT_TRUE(slow.port->closed);
  EXPECT_LE(slow.port->waiting, 100U);
  EXPECT_FALSE(quick.port->closed);
  EXPECT_EQ(quick.port->texts.size(), 5U);
  EXPECT_EQ(logger_.Count("PASSTHROUGH_CUT"), 1);
  EXPECT_EQ(passthrough_->size(), 1U);
}

TEST_F(PassthroughTest, ToolThatReadsNoReplies_IsNotServedMore) {
  Make();
  TestTool tool = Connect();
  tool.port->stuck = true;
  std::string many;
  for (int i = 0; i < 60; ++i) many += "help\n";
  Say(tool, many);
  EXPECT_LE(tool.port->waiting, Passthrough::kPauseBytes + 4096);
  const size_t served = tool.port->texts.size();
  EXPECT_LT(served, 60U);
  tool.port->stuck = false;
  tool.port->waiting = 0;
  passthrough_->OnWritten(*tool.id);
  EXPECT_EQ(tool.port->texts.size(), 60U);
}

TEST_F(PassthroughTest, LargeReply_IsNotCutNorAreNotificationsBehindIt) {
  PassthroughConfig config;
  config.max_output_bytes = 1000;
  Make(config);
  TestTool tool = Connect();
  Say(tool, "state on\n");
  tool.port->stuck = true;
  Say(tool, "log all\n");
  channel_.Reply(true, "", {std::string(5000, 'x')});
  passthrough_->OnMessage(State("1,CONNECTED"));
  EXPECT_FALSE(tool.port->closed);
  passthrough_->OnMessage(State(std::string(1000, 'y')));
  EXPECT_TRUE(tool.port->closed);
}

TEST_F(PassthroughTest, FloodOfCommands_IsThrottledAndReadNoFurther) {
  Make();
  TestTool tool = Connect();
  std::string flood;
  for (int i = 0; i < 300; ++i) flood += "nosuch\n";
  const int requests = tool.port->input_requests;
  Say(tool, flood);
  EXPECT_EQ(tool.port->texts.size(), 100U);
  EXPECT_EQ(tool.port->input_requests, requests);
  ASSERT_TRUE(deadline_.has_value());
  Pass(std::chrono::seconds(1));
  EXPECT_EQ(tool.port->texts.size(), 120U);
  Pass(std::chrono::seconds(5));
  Pass(std::chrono::seconds(5));
  EXPECT_EQ(tool.port->texts.size(), 300U);
  EXPECT_EQ(tool.port->input_requests, requests + 1);
}

TEST_F(PassthroughTest, TooManyTools_AreToldAndClosed) {
  PassthroughConfig config;
  config.max_clients = 1;
  Make(config);
  TestTool first = Connect();
  TestTool second = Connect();
  EXPECT_FALSE(second.id.has_value());
  EXPECT_THAT(second.Heard(), HasSubstr("ERROR: this pass-through socket serves 1 clients"));
  EXPECT_TRUE(second.port->left);
  passthrough_->OnGone(*first.id);
  EXPECT_TRUE(Connect().id.has_value());
}

TEST_F(PassthroughTest, Counters_TellCommandsAndToolsThatWereTurnedAwayOrCut) {
  PassthroughConfig config;
  config.max_clients = 1;
  config.max_output_bytes = 100;
  Make(config);
  const TestTool tool = Connect();
  EXPECT_FALSE(Connect().id.has_value());
  // `log on all` asks twice, `help` not at all.
  Say(tool, "log on all\nhelp\nkill alice\nclient-auth 0 1\nEND\n");
  channel_.Reply(true, "");
  channel_.Reply(true, "", {"1,I,a"});
  Say(tool, "pid\nstate on\n");
  channel_.Reply(true, "pid=7");
  tool.port->stuck = true;
  for (int i = 0; i < 5; ++i) passthrough_->OnMessage(State(std::string(40, 'x')));
  const PassthroughCounters& counters = passthrough_->counters();
  EXPECT_EQ(counters.forwarded, 2U);
  EXPECT_EQ(counters.refused, 2U);
  EXPECT_EQ(counters.cut, 1U);
  EXPECT_EQ(counters.turned_away, 1U);
}

TEST_F(PassthroughTest, End_ClosesAllPorts) {
  Make();
  const TestTool tool = Connect();
  passthrough_.reset();
  EXPECT_TRUE(tool.port->closed);
}

}  // namespace
}  // namespace ovpnbroker::ovpn
