#include "ovpn/base/deadline_timer.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>

#include "tests/support/loop_runner.h"

namespace ovpnbroker::ovpn {
namespace {

using std::chrono::milliseconds;

class DeadlineTimerTest : public testing::Test {
 protected:
  static SteadyTime Now() { return std::chrono::steady_clock::now(); }
  static SteadyTime Past() { return Now() - milliseconds(1); }
  static SteadyTime Far() { return Now() + std::chrono::hours(1); }

  asio::io_context loop_;
  int calls_ = 0;
  std::unique_ptr<DeadlineTimer> timer_ =
      std::make_unique<DeadlineTimer>(loop_, [this] { ++calls_; });
};

TEST_F(DeadlineTimerTest, DeadlineInTheFuture_CallsBackOnceAndNotEarly) {
  const SteadyTime deadline = Now() + milliseconds(5);
  timer_->Arm(deadline);
  ASSERT_TRUE(test::RunUntil(loop_, [&] { return calls_ > 0; }));
  EXPECT_GE(Now(), deadline);
  test::RunReady(loop_);
  EXPECT_EQ(calls_, 1);
}

TEST_F(DeadlineTimerTest, DeadlineInThePast_CallsBackInTheNextTurnNotInArm) {
  timer_->Arm(Past());
  EXPECT_EQ(calls_, 0);
  ASSERT_TRUE(test::RunUntil(loop_, [&] { return calls_ > 0; }));
}

TEST_F(DeadlineTimerTest, ArmedAgain_ReplacesTheDeadline) {
  timer_->Arm(Past());
  timer_->Arm(Far());
  test::RunReady(loop_);
  EXPECT_EQ(calls_, 0) << "a completion of the first deadline must not count";
  timer_->Arm(Past());
  ASSERT_TRUE(test::RunUntil(loop_, [&] { return calls_ > 0; }));
  EXPECT_EQ(calls_, 1);
}

TEST_F(DeadlineTimerTest, DeadlineThatMovesAway_IsMetWhereItIsThen) {
  const SteadyTime start = Now();
  timer_->Arm(start + milliseconds(2));
  timer_->Arm(start + std::chrono::hours(1));
  timer_->Arm(start + milliseconds(10));
  ASSERT_TRUE(test::RunUntil(loop_, [&] { return calls_ > 0; }));
  EXPECT_GE(Now(), start + milliseconds(10));
  EXPECT_EQ(calls_, 1);
}

TEST_F(DeadlineTimerTest, DeadlineThatComesNearer_IsNotMissed) {
  timer_->Arm(Far());
  timer_->Arm(Now() + milliseconds(2));
  EXPECT_TRUE(test::RunUntil(loop_, [&] { return calls_ > 0; }));
}

TEST_F(DeadlineTimerTest, Disarmed_DoesNotCallBack) {
  timer_->Arm(Past());
  timer_->Arm(std::nullopt);
  test::RunReady(loop_);
  EXPECT_EQ(calls_, 0);
}

TEST_F(DeadlineTimerTest, DestroyedWhileCompletionIsQueued_DoesNotCallBack) {
  timer_->Arm(Past());
  timer_.reset();
  test::RunReady(loop_);
  EXPECT_EQ(calls_, 0);
}

TEST_F(DeadlineTimerTest, ArmedWithTheSameDeadlineAfterItFired_FiresAgain) {
  const SteadyTime deadline = Past();
  timer_->Arm(deadline);
  ASSERT_TRUE(test::RunUntil(loop_, [&] { return calls_ == 1; }));
  timer_->Arm(deadline);
  ASSERT_TRUE(test::RunUntil(loop_, [&] { return calls_ == 2; }));
}

TEST_F(DeadlineTimerTest, RearmedFromItsCallback_Works) {
  int left = 3;
  DeadlineTimer timer(loop_, [&] {
    if (--left > 0) timer.Arm(Past());
  });
  timer.Arm(Past());
  ASSERT_TRUE(test::RunUntil(loop_, [&] { return left == 0; }));
}

TEST_F(DeadlineTimerTest, DestroyedFromItsCallback_IsSafe) {
  std::unique_ptr<DeadlineTimer> timer;
  bool called = false;
  timer = std::make_unique<DeadlineTimer>(loop_, [&] {
    timer.reset();
    called = true;
  });
  timer->Arm(Past());
  ASSERT_TRUE(test::RunUntil(loop_, [&] { return called; }));
}

}  // namespace
}  // namespace ovpnbroker::ovpn
