// The life of one instance: start, end, restart. Its dialogue while it lives is in
// instance_connection_test.cc.
#include "ovpn/instance/instance.h"

#include <gmock/gmock.h>
#include <signal.h>

#include "tests/ovpn/instance/instance_fixture.h"

namespace ovpnbroker::ovpn {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::chrono::milliseconds kShort{30};

TEST_F(InstanceTest, Started_LaunchesReleasesTheHoldAndRuns) {
  Create();
  EXPECT_EQ(instance_->snapshot().state, InstanceState::kStopped);
  ASSERT_NO_FATAL_FAILURE(BringUp());

  EXPECT_THAT(sink_.states, ElementsAre(InstanceState::kStarting, InstanceState::kHolding,
                                        InstanceState::kRunning));
  const Instance::Snapshot snapshot = instance_->snapshot();
  EXPECT_EQ(snapshot.pid, launcher_.last().pid());
  EXPECT_EQ(snapshot.openvpn_version, "2.6.14");
  EXPECT_TRUE(snapshot.management_ready);
  EXPECT_EQ(snapshot.restarts, 0u);
  EXPECT_THAT(launcher_.last().options().arguments,
              testing::IsSupersetOf({"--management", "--management-hold"}));
  EXPECT_EQ(launcher_.last().options().inherited_fds.size(), 1u) << "the lock";
}

TEST_F(InstanceTest, StartedTwice_HasOneChild) {
  Create();
  ASSERT_NO_FATAL_FAILURE(BringUp());
  instance_->Start();
  test::RunReady(loop_);
  EXPECT_EQ(launcher_.launches(), 1u);
  EXPECT_EQ(instance_->snapshot().state, InstanceState::kRunning);
}

TEST_F(InstanceTest, ChildOutput_IsLogged) {
  Create();
  ASSERT_NO_FATAL_FAILURE(Launch());
  launcher_.last().Print("1795332486.123 10 Initialization Sequence Completed");
  EXPECT_TRUE(logger_.Mentions("Initialization Sequence Completed"));
}

TEST_F(InstanceTest, ChildDied_IsStartedAgainInANewEpoch) {
  Create();
  ASSERT_NO_FATAL_FAILURE(BringUp());
  const Epoch first = instance_->sessions().epoch();
  ChildExits(1);
  EXPECT_EQ(instance_->snapshot().state, InstanceState::kBackoff);
  EXPECT_THAT(instance_->snapshot().detail, HasSubstr("exited with code 1"));
  EXPECT_EQ(instance_->snapshot().pid, 0);

  ASSERT_TRUE(RunUntil([&] { return launcher_.launches() == 2; }));
  Listen();
  ASSERT_TRUE(RunUntil([&] { return server_->Heard("hold release"); }));
  server_->Say(kConnected);
  ASSERT_TRUE(RunUntilState(InstanceState::kRunning));
  EXPECT_GT(instance_->sessions().epoch().value, first.value);
  EXPECT_EQ(instance_->snapshot().restarts, 1u);
}

TEST_F(InstanceTest, ChildDied_EndsItsSessions) {
  Create();
  ASSERT_NO_FATAL_FAILURE(BringUp());
  server_->Say(kConnect);
  ASSERT_TRUE(RunUntil([&] { return !sink_.requests.empty(); }));
  ChildExits(1);
  ASSERT_EQ(sink_.withdrawals.size(), 1u);
  EXPECT_EQ(sink_.withdrawals[0].reason, WithdrawReason::kInstanceStopped);
  EXPECT_EQ(sink_.changes.back().state, SessionState::kEnded);
}

TEST_F(InstanceTest, TooManyDeaths_Fails) {
  InstanceConfig config = MakeConfig();
  config.restart.max_deaths = 1;
  Create(std::move(config));
  ASSERT_NO_FATAL_FAILURE(BringUp());
  ChildExits(1);
  test::RunReady(loop_);
  EXPECT_EQ(instance_->snapshot().state, InstanceState::kFailed);
  EXPECT_THAT(instance_->snapshot().detail, HasSubstr("1 death(s)"));
  EXPECT_EQ(launcher_.launches(), 1u);
}

TEST_F(InstanceTest, Failed_CanBeStartedAgain) {
  InstanceConfig config = MakeConfig();
  config.restart.max_deaths = 1;
  Create(std::move(config));
  ASSERT_NO_FATAL_FAILURE(BringUp());
  ChildExits(1);
  ASSERT_NO_FATAL_FAILURE(BringUp());
  EXPECT_EQ(instance_->snapshot().detail, "");
}

TEST_F(InstanceTest, LaunchFails_IsTriedAgain) {
  Create();
  launcher_.FailNext(absl::NotFoundError("no such binary"));
  instance_->Start();
  ASSERT_TRUE(RunUntilState(InstanceState::kBackoff));
  EXPECT_THAT(instance_->snapshot().detail, HasSubstr("no such binary"));
  EXPECT_TRUE(RunUntil([&] { return launcher_.launches() == 1; })) << "the lock is free again";
}

TEST_F(InstanceTest, StartedDuringBackoff_IsLaunchedAtOnce) {
  InstanceConfig config = MakeConfig();
  config.restart.initial_delay = std::chrono::hours(1);
  config.restart.max_delay = std::chrono::hours(1);
  Create(std::move(config));
  ASSERT_NO_FATAL_FAILURE(BringUp());
  ChildExits(1);
  ASSERT_NO_FATAL_FAILURE(BringUp());
}

TEST_F(InstanceTest, StoppedWhileRunning_EndsTheChildAndCallsBack) {
  Create();
  ASSERT_NO_FATAL_FAILURE(BringUp());
  int stopped = 0;
  instance_->Stop([&] { ++stopped; });
  instance_->Stop([&] { ++stopped; });
  EXPECT_EQ(instance_->snapshot().state, InstanceState::kStopping);
  EXPECT_THAT(launcher_.last().signals(), ElementsAre(SIGTERM));
  EXPECT_EQ(stopped, 0);

  ChildExits(0);
  EXPECT_EQ(stopped, 2);
  EXPECT_EQ(instance_->snapshot().state, InstanceState::kStopped);
  EXPECT_EQ(instance_->snapshot().detail, "");
  test::RunReady(loop_);
  EXPECT_EQ(launcher_.launches(), 1u);
}

TEST_F(InstanceTest, StoppedDuringPreflight_LaunchesNothing) {
  Create();
  instance_->Start();
  bool stopped = false;
  instance_->Stop([&] { stopped = true; });
  EXPECT_TRUE(stopped);
  test::RunReady(loop_);
  EXPECT_EQ(instance_->snapshot().state, InstanceState::kStopped);
  EXPECT_EQ(launcher_.launches(), 0u);
}

TEST_F(InstanceTest, StoppedBeforeTheSocketIsThere_EndsTheChild) {
  Create();
  ASSERT_NO_FATAL_FAILURE(Launch());
  instance_->Stop([] {});
  EXPECT_THAT(launcher_.last().signals(), ElementsAre(SIGTERM));
  launcher_.last().DieBySignal(SIGTERM);
  EXPECT_EQ(instance_->snapshot().state, InstanceState::kStopped);
}

TEST_F(InstanceTest, StoppedDuringBackoff_StaysStopped) {
  Create();
  ASSERT_NO_FATAL_FAILURE(BringUp());
  ChildExits(1);
  bool stopped = false;
  instance_->Stop([&] { stopped = true; });
  EXPECT_TRUE(stopped);
  EXPECT_EQ(instance_->snapshot().state, InstanceState::kStopped);
}

TEST_F(InstanceTest, StartedFromTheStopCallback_RunsAgain) {
  Create();
  ASSERT_NO_FATAL_FAILURE(BringUp());
  instance_->Stop([this] { instance_->Start(); });
  ChildExits(0);
  EXPECT_TRUE(RunUntil([&] { return launcher_.launches() == 2; }));
  EXPECT_EQ(instance_->snapshot().restarts, 0u);
}

TEST_F(InstanceTest, ChildIgnoresTerm_IsKilled) {
  InstanceConfig config = MakeConfig();
  config.stop_timeout = kShort;
  Create(std::move(config));
  ASSERT_NO_FATAL_FAILURE(BringUp());
  bool stopped = false;
  instance_->Stop([&] { stopped = true; });
  ASSERT_TRUE(RunUntil([&] { return launcher_.last().signals().size() == 2; }));
  EXPECT_THAT(launcher_.last().signals(), ElementsAre(SIGTERM, SIGKILL));
  EXPECT_FALSE(stopped);
  server_.reset();
  launcher_.last().DieBySignal(SIGKILL);
  EXPECT_TRUE(stopped);
}

TEST_F(InstanceTest, SocketNeverComes_ChildIsEndedAndThatIsADeath) {
  InstanceConfig config = MakeConfig();
  config.start_timeout = kShort;
  config.restart.mode = RestartMode::kOnFailure;
  Create(std::move(config));
  ASSERT_NO_FATAL_FAILURE(Launch());
  ASSERT_TRUE(RunUntil([&] { return !launcher_.last().signals().empty(); }));
  EXPECT_EQ(logger_.Count("CHILD_UNREACHABLE"), 1);
  // OpenVPN ends with code 0 on SIGTERM, which must not count as success.
  launcher_.last().Exit(0);
  EXPECT_EQ(instance_->snapshot().state, InstanceState::kBackoff);
  EXPECT_THAT(instance_->snapshot().detail, HasSubstr("management socket did not come up"));
}

TEST_F(InstanceTest, SocketComesWhileTheChildIsEnded_ChildIsStillKilled) {
  InstanceConfig config = MakeConfig();
  config.start_timeout = kShort;
  config.stop_timeout = std::chrono::seconds(1);
  Create(std::move(config));
  ASSERT_NO_FATAL_FAILURE(Launch());
  ASSERT_TRUE(RunUntil([&] { return !launcher_.last().signals().empty(); }));
  Listen();
  EXPECT_TRUE(RunUntil([&] { return launcher_.last().signals().size() == 2; }));
  EXPECT_FALSE(server_->Heard("hold release"));
}

TEST_F(InstanceTest, ForeignListenerOnTheSocket_FailsAndSaysWhere) {
  Create();
  Listen();
  instance_->Start();
  ASSERT_TRUE(RunUntilState(InstanceState::kFailed));
  EXPECT_THAT(instance_->snapshot().detail,
              HasSubstr("listens on the management socket " + folder_.File("office.sock")));
  EXPECT_EQ(launcher_.launches(), 0u);
}

TEST_F(InstanceTest, LockHeldByAnother_Fails) {
  Create();
  auto held = TryAcquireInstanceLock(folder_.path(), "office");
  ASSERT_TRUE(held.ok() && held->lock.has_value());
  instance_->Start();
  ASSERT_TRUE(RunUntilState(InstanceState::kFailed));
  EXPECT_THAT(instance_->snapshot().detail, HasSubstr("held by another process"));
  EXPECT_EQ(launcher_.launches(), 0u);
}

TEST_F(InstanceTest, Destroyed_LeavesTheChildAlone) {
  Create();
  ASSERT_NO_FATAL_FAILURE(BringUp());
  instance_.reset();
  test::RunReady(loop_);
  EXPECT_TRUE(launcher_.last().running());
  EXPECT_THAT(launcher_.last().signals(), IsEmpty());
}

}  // namespace
}  // namespace ovpnbroker::ovpn
