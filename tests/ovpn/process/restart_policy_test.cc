#include "ovpn/process/restart_policy.h"

#include <signal.h>

#include <chrono>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "ovpn/process/stop_sequence.h"

namespace ovpnbroker::ovpn {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Action = RestartDecision::Action;

constexpr SteadyTime kStart{std::chrono::hours(1)};
constexpr ExitStatus kSuccess{.exited = true, .code = 0};
constexpr ExitStatus kFailure{.exited = true, .code = 1};
constexpr ExitStatus kKilled{.exited = false, .signal = SIGKILL};

TEST(RestartPolicy, ModeAndStatus_DecideWhetherToRestart) {
  const struct {
    RestartMode mode;
    ExitStatus status;
    Action action;
  } cases[] = {
      {RestartMode::kAlways, kSuccess, Action::kRestart},
      {RestartMode::kAlways, kFailure, Action::kRestart},
      {RestartMode::kOnFailure, kSuccess, Action::kStop},
      {RestartMode::kOnFailure, kFailure, Action::kRestart},
      {RestartMode::kOnFailure, kKilled, Action::kRestart},
      {RestartMode::kNever, kSuccess, Action::kStop},
      {RestartMode::kNever, kKilled, Action::kFail},
  };
  for (const auto& c : cases) {
    RestartPolicy policy({.mode = c.mode});
    policy.OnStarted(kStart);
    EXPECT_EQ(policy.OnExited(c.status, kStart).action, c.action)
        << static_cast<int>(c.mode) << " " << c.status.ToString();
  }
}

TEST(RestartPolicy, QuickDeaths_DelaysGrowToTheMaximum) {
  RestartPolicy policy({.max_delay = seconds(8), .max_deaths = 0}, 1);
  Duration last{};
  for (int i = 0; i < 20; ++i) {
    policy.OnStarted(kStart);
    const RestartDecision decision = policy.OnExited(kFailure, kStart);
    EXPECT_EQ(decision.action, Action::kRestart);
    EXPECT_GE(decision.delay, kMinRestartDelay);
    EXPECT_LE(decision.delay, seconds(8));
    last = decision.delay;
  }
  EXPECT_GT(last, seconds(6));
}

TEST(RestartPolicy, ConfiguredDelayBelowFloor_FloorHolds) {
  RestartPolicy policy({.initial_delay = milliseconds(1), .max_delay = milliseconds(1)});
  EXPECT_GE(policy.OnExited(kFailure, kStart).delay, kMinRestartDelay);
}

TEST(RestartPolicy, StableRun_DelayStartsOver) {
  RestartPolicy policy({.stable_after = seconds(60), .max_deaths = 0}, 1);
  for (int i = 0; i < 6; ++i) policy.OnStartFailed(kStart);
  policy.OnStarted(kStart);
  EXPECT_LE(policy.OnExited(kFailure, kStart + seconds(60)).delay, milliseconds(1200));
}

TEST(RestartPolicy, ShortRun_DelayGoesOn) {
  RestartPolicy policy({.stable_after = seconds(60), .max_deaths = 0}, 1);
  for (int i = 0; i < 6; ++i) policy.OnStartFailed(kStart);
  policy.OnStarted(kStart);
  EXPECT_GT(policy.OnExited(kFailure, kStart + seconds(59)).delay, seconds(20));
}

TEST(RestartPolicy, DeathsWithinWindow_FailForGood) {
  RestartPolicy policy({.max_deaths = 3, .death_window = seconds(100)});
  EXPECT_EQ(policy.OnExited(kFailure, kStart).action, Action::kRestart);
  EXPECT_EQ(policy.OnStartFailed(kStart + seconds(50)).action, Action::kRestart);
  const RestartDecision decision = policy.OnExited(kKilled, kStart + seconds(99));
  EXPECT_EQ(decision.action, Action::kFail);
  EXPECT_EQ(decision.reason, "3 death(s) within 100 s");
}

TEST(RestartPolicy, DeathsSpreadOut_NeverFail) {
  RestartPolicy policy({.max_deaths = 3, .death_window = seconds(100)});
  for (int i = 0; i < 50; ++i) {
    const SteadyTime now = kStart + i * seconds(50);
    EXPECT_EQ(policy.OnExited(kFailure, now).action, Action::kRestart);
    EXPECT_LE(policy.deaths(now), 2);
  }
}

TEST(RestartPolicy, Reset_ForgetsDeaths) {
  RestartPolicy policy({.max_deaths = 2});
  policy.OnExited(kFailure, kStart);
  policy.Reset();
  EXPECT_EQ(policy.deaths(kStart), 0);
  EXPECT_EQ(policy.OnExited(kFailure, kStart).action, Action::kRestart);
}

TEST(RestartPolicy, StartFailsInModeNever_Fails) {
  RestartPolicy policy({.mode = RestartMode::kNever});
  EXPECT_EQ(policy.OnStartFailed(kStart).action, Action::kFail);
}

TEST(StopSequence, ChildDoesNotEnd_TermThenKillOnce) {
  StopSequence stop(seconds(10));
  EXPECT_EQ(stop.next_deadline(), std::nullopt);
  EXPECT_EQ(stop.Begin(kStart), SIGTERM);
  EXPECT_EQ(stop.next_deadline(), kStart + seconds(10));
  EXPECT_EQ(stop.OnDeadline(kStart + seconds(9)), std::nullopt);
  EXPECT_FALSE(stop.escalated());
  EXPECT_EQ(stop.OnDeadline(kStart + seconds(10)), SIGKILL);
  EXPECT_TRUE(stop.escalated());
  EXPECT_EQ(stop.OnDeadline(kStart + seconds(11)), std::nullopt);
  EXPECT_EQ(stop.next_deadline(), std::nullopt);
}

TEST(StopSequence, BegunTwice_DeadlineDoesNotMove) {
  StopSequence stop(seconds(10));
  stop.Begin(kStart);
  EXPECT_EQ(stop.Begin(kStart + seconds(5)), std::nullopt);
  EXPECT_EQ(stop.next_deadline(), kStart + seconds(10));
}

TEST(StopSequence, Reset_IsReadyForTheNextChild) {
  StopSequence stop(seconds(10));
  stop.Begin(kStart);
  stop.Reset();
  EXPECT_FALSE(stop.begun());
  EXPECT_EQ(stop.OnDeadline(kStart + seconds(20)), std::nullopt);
  EXPECT_EQ(stop.Begin(kStart), SIGTERM);
}

}  // namespace
}  // namespace ovpnbroker::ovpn
