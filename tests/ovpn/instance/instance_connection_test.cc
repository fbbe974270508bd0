// What an instance makes of its management connection while the child lives.
#include <gmock/gmock.h>
#include <signal.h>

#include "tests/ovpn/instance/instance_fixture.h"

namespace ovpnbroker::ovpn {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

using InstanceConnectionTest = InstanceTest;

TEST_F(InstanceConnectionTest, Usr1_BeginsAnEpochAndReleasesTheHoldAgain) {
  Create();
  ASSERT_NO_FATAL_FAILURE(BringUp());
  server_->Say(kConnect);
  ASSERT_TRUE(RunUntil([&] { return !sink_.requests.empty(); }));
  const Epoch before = instance_->sessions().epoch();

  server_->Say(">STATE:1795332500,RECONNECTING,SIGUSR1,,,,,\r\n");
  ASSERT_TRUE(RunUntil([&] { return sink_.withdrawals.size() == 1; }));
  server_->Say(test::FakeManagementServer::kHold);
  ASSERT_TRUE(RunUntil([&] { return Times("hold release") == 2; }));
  EXPECT_EQ(instance_->sessions().epoch().value, before.value + 1);
  EXPECT_EQ(sink_.changes.back().state, SessionState::kEnded);
  EXPECT_EQ(instance_->snapshot().state, InstanceState::kHolding);

  server_->Say(kConnected);
  ASSERT_TRUE(RunUntilState(InstanceState::kRunning));
}

TEST_F(InstanceConnectionTest, HoldWithoutReconnecting_BeginsAnEpoch) {
  Create();
  ASSERT_NO_FATAL_FAILURE(BringUp());
  const Epoch before = instance_->sessions().epoch();
  server_->Say(test::FakeManagementServer::kHold);
  ASSERT_TRUE(RunUntil([&] { return Times("hold release") == 2; }));
  EXPECT_GT(instance_->sessions().epoch().value, before.value);
}

TEST_F(InstanceConnectionTest, HoldSaidTwice_IsReleasedAndRuns) {
  Create();
  ASSERT_NO_FATAL_FAILURE(Launch());
  Listen();
  server_->SetGreeting(absl::StrCat(test::FakeManagementServer::kGreeting,
                                    test::FakeManagementServer::kHold,
                                    test::FakeManagementServer::kHold));
  ASSERT_TRUE(RunUntil([&] { return Times("hold release") == 2; }));
  server_->Say(kConnected);
  ASSERT_TRUE(RunUntilState(InstanceState::kRunning));
}

TEST_F(InstanceConnectionTest, ConnectionLost_IsMadeAgainAndSessionsAreCompared) {
  Create();
  ASSERT_NO_FATAL_FAILURE(BringUp());
  server_->Say(kConnect);
  ASSERT_TRUE(RunUntil([&] { return !sink_.requests.empty(); }));
  server_->SetGreeting(std::string(test::FakeManagementServer::kGreeting));
  server_->HangUp();

  ASSERT_TRUE(RunUntil([&] { return server_->Heard("status 3"); }));
  // The empty answer tells that the client has left.
  ASSERT_TRUE(RunUntil([&] { return !sink_.withdrawals.empty(); }));
  EXPECT_EQ(sink_.withdrawals[0].reason, WithdrawReason::kClientGone);
  EXPECT_EQ(instance_->snapshot().state, InstanceState::kRunning);
  EXPECT_EQ(launcher_.launches(), 1u);
}

TEST_F(InstanceConnectionTest, ConnectedWasSaidToNobody_RunsAllTheSame) {
  Create();
  ASSERT_NO_FATAL_FAILURE(LaunchAndRelease());
  server_->SetGreeting(std::string(test::FakeManagementServer::kGreeting));
  server_->SetResponder([](const std::string& line) -> std::string {
    if (line == "state")
      return "1795332486,CONNECTED,SUCCESS,10.70.0.1,,,127.0.0.1,11960\r\nEND\r\n";
    return test::FakeManagementServer::DefaultReply(line);
  });
  server_->HangUp();
  EXPECT_TRUE(RunUntilState(InstanceState::kRunning));
}

TEST_F(InstanceConnectionTest, ReleaseWasReadByNobody_IsSentAgain) {
  Create();
  ASSERT_NO_FATAL_FAILURE(LaunchAndRelease());
  server_->HangUp();  // still on hold: the greeting repeats it
  ASSERT_TRUE(RunUntil([&] { return Times("hold release") == 2; }));
  server_->Say(kConnected);
  EXPECT_TRUE(RunUntilState(InstanceState::kRunning));
}

TEST_F(InstanceConnectionTest, AsksForAPassword_Fails) {
  Create();
  ASSERT_NO_FATAL_FAILURE(LaunchAndRelease());
  server_->Say(">PASSWORD:Need 'Private Key' password\r\n");
  ASSERT_TRUE(RunUntil([&] { return !launcher_.last().signals().empty(); }));
  EXPECT_THAT(launcher_.last().signals(), ElementsAre(SIGTERM));
  ChildExits(0);
  EXPECT_EQ(instance_->snapshot().state, InstanceState::kFailed);
  EXPECT_THAT(instance_->snapshot().detail, HasSubstr("asks for a password"));
}

TEST_F(InstanceConnectionTest, OldOpenvpn_Fails) {
  Create();
  ASSERT_NO_FATAL_FAILURE(Launch());
  Listen();
  server_->SetResponder([](const std::string& line) -> std::string {
    if (line == "version") return "OpenVPN Version: OpenVPN 2.4.12 x86_64\r\nEND\r\n";
    return test::FakeManagementServer::DefaultReply(line);
  });
  ASSERT_TRUE(RunUntil([&] { return !launcher_.last().signals().empty(); }));
  ChildExits(0);
  EXPECT_EQ(instance_->snapshot().state, InstanceState::kFailed);
  EXPECT_THAT(instance_->snapshot().detail, HasSubstr("2.4.12 is too old"));
  EXPECT_EQ(logger_.Count("INSTANCE_UNUSABLE"), 1);
}

TEST_F(InstanceConnectionTest, HoldWhileItStops_IsNotReleased) {
  Create();
  ASSERT_NO_FATAL_FAILURE(BringUp());
  instance_->Stop([] {});
  server_->Say(test::FakeManagementServer::kHold);
  server_->HangUp();
  ASSERT_TRUE(RunUntil([&] { return server_->accepted() == 2; }));
  ASSERT_TRUE(RunUntil([&] { return instance_->snapshot().management_ready; }));
  test::RunReady(loop_);
  EXPECT_EQ(Times("hold release"), 1);
  EXPECT_EQ(instance_->snapshot().state, InstanceState::kStopping);
}

TEST_F(InstanceConnectionTest, HoldWhileItIsGivenUp_IsNotReleased) {
  Create();
  ASSERT_NO_FATAL_FAILURE(LaunchAndRelease());
  server_->Say(">PASSWORD:Need 'Private Key' password\r\n");
  server_->Say(test::FakeManagementServer::kHold);
  server_->Say(kConnect);  // shows that all before it was read
  ASSERT_TRUE(RunUntil([&] { return !sink_.requests.empty(); }));
  test::RunReady(loop_);
  EXPECT_EQ(Times("hold release"), 1);
}

}  // namespace
}  // namespace ovpnbroker::ovpn
