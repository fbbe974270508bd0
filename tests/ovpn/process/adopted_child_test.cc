#include "ovpn/process/adopted_child.h"

#include <signal.h>
#include <unistd.h>

#include <asio/io_context.hpp>
#include <memory>

#include "gtest/gtest.h"
#include "ovpn/process/posix_launcher.h"
#include "tests/ovpn/process/child_recorder.h"
#include "tests/support/loop_runner.h"

namespace ovpnbroker::ovpn {
namespace {

LaunchOptions Sleep() {
  return {.program = "/bin/sleep",
          .arguments = {"60"},
          .environment = {},
          .working_directory = "",
          .inherited_fds = {}};
}

// A child of `launcher_`, seen by a second broker that did not start it.
class AdoptedChildTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto child = launcher_.Launch(Sleep(), parent_);
    ASSERT_TRUE(child.ok()) << child.status();
    child_ = *std::move(child);
  }
  void TearDown() override {
    child_->Signal(SIGKILL).IgnoreError();
    EXPECT_TRUE(test::RunUntil(loop_, [&] { return parent_.status.has_value(); }));
  }

  asio::io_context loop_;
  PosixLauncher launcher_{loop_};
  test::ChildRecorder parent_;
  test::ChildRecorder successor_;
  std::unique_ptr<ChildProcess> child_;
};

TEST_F(AdoptedChildTest, SameCommand_IsSignalledAndItsEndIsReported) {
  const auto adopted = AdoptChild(loop_, child_->pid(), Sleep(), successor_);
  ASSERT_TRUE(adopted.ok()) << adopted.status();
  EXPECT_EQ((*adopted)->pid(), child_->pid());
  ASSERT_TRUE((*adopted)->Signal(SIGTERM).ok());
  ASSERT_TRUE(test::RunUntil(loop_, [&] { return successor_.status.has_value(); }));
  EXPECT_EQ(successor_.status->ToString(), "ended with unknown status");
  EXPECT_TRUE(absl::IsNotFound((*adopted)->Signal(SIGTERM)));
}

TEST_F(AdoptedChildTest, OtherArguments_IsNotAdopted) {
  LaunchOptions other = Sleep();
  other.arguments = {"61"};
  EXPECT_TRUE(
      absl::IsFailedPrecondition(AdoptChild(loop_, child_->pid(), other, successor_).status()));
}

TEST_F(AdoptedChildTest, HandleDestroyed_MakesNoCallback) {
  auto adopted = AdoptChild(loop_, child_->pid(), Sleep(), successor_);
  ASSERT_TRUE(adopted.ok()) << adopted.status();
  adopted->reset();
  ASSERT_TRUE(child_->Signal(SIGKILL).ok());
  ASSERT_TRUE(test::RunUntil(loop_, [&] { return parent_.status.has_value(); }));
  EXPECT_FALSE(successor_.status.has_value());
}

TEST_F(AdoptedChildTest, ProcessThatHasEnded_IsNotAdopted) {
  ASSERT_TRUE(child_->Signal(SIGKILL).ok());
  ASSERT_TRUE(test::RunUntil(loop_, [&] { return parent_.status.has_value(); }));
  EXPECT_TRUE(
      absl::IsFailedPrecondition(AdoptChild(loop_, child_->pid(), Sleep(), successor_).status()));
}

}  // namespace
}  // namespace ovpnbroker::ovpn
