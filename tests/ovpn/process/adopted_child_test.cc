#include "ovpn/process/adopted_child.h"

#include <signal.h>
#include <unistd.h>

#include <asio/io_context.hpp>
#include <fstream>
#include <memory>

#include "gtest/gtest.h"
#include "ovpn/process/posix_launcher.h"
#include "tests/ovpn/process/child_recorder.h"
#include "tests/ovpn/process/stale_event.h"
#include "tests/support/loop_runner.h"
#include "tests/support/temp_dir.h"

namespace ovpnbroker::ovpn {
namespace {

// A child of `launcher_`, seen by a second broker that did not start it.
class AdoptedChildTest : public ::testing::Test {
 protected:
  // Prints one line, so that it is known to be past its exec, and stays.
  void SetUp() override {
    std::ofstream(files_.File("text")) << "up\n";
    options_.program = "/usr/bin/tail";
    options_.arguments = {"-f", files_.File("text")};
    auto child = launcher_.Launch(options_, parent_);
    ASSERT_TRUE(child.ok()) << child.status();
    child_ = *std::move(child);
    ASSERT_TRUE(test::RunUntil(loop_, [&] { return !parent_.lines.empty(); }));
  }
  void TearDown() override {
    child_->Signal(SIGKILL).IgnoreError();
    EXPECT_TRUE(test::RunUntil(loop_, [&] { return parent_.status.has_value(); }));
  }

  test::TempDir files_;
  LaunchOptions options_;
  asio::io_context loop_;
  PosixLauncher launcher_{loop_};
  test::ChildRecorder parent_;
  test::ChildRecorder successor_;
  std::unique_ptr<ChildProcess> child_;
};

TEST_F(AdoptedChildTest, SameCommand_IsSignalledAndItsEndIsReported) {
  const auto adopted = AdoptChild(loop_, child_->pid(), options_, successor_);
  ASSERT_TRUE(adopted.ok()) << adopted.status();
  EXPECT_EQ((*adopted)->pid(), child_->pid());
  ASSERT_TRUE((*adopted)->Signal(SIGTERM).ok());
  ASSERT_TRUE(test::RunUntil(loop_, [&] { return successor_.status.has_value(); }));
  EXPECT_EQ(successor_.status->ToString(), "ended with unknown status");
  EXPECT_TRUE(absl::IsNotFound((*adopted)->Signal(SIGTERM)));
}

TEST_F(AdoptedChildTest, OtherArguments_IsNotAdopted) {
  LaunchOptions other = options_;
  other.arguments.push_back("--quiet");
  EXPECT_TRUE(
      absl::IsFailedPrecondition(AdoptChild(loop_, child_->pid(), other, successor_).status()));
}

TEST_F(AdoptedChildTest, EventOfClosedDescriptor_IsNotItsEnd) {
  test::LeaveStaleEvent(loop_);
  const auto adopted = AdoptChild(loop_, child_->pid(), options_, successor_);
  ASSERT_TRUE(adopted.ok()) << adopted.status();
  test::RunReady(loop_);
  EXPECT_FALSE(successor_.status.has_value());
  ASSERT_TRUE((*adopted)->Signal(SIGTERM).ok());
  EXPECT_TRUE(test::RunUntil(loop_, [&] { return successor_.status.has_value(); }));
}

TEST_F(AdoptedChildTest, HandleDestroyed_MakesNoCallback) {
  auto adopted = AdoptChild(loop_, child_->pid(), options_, successor_);
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
      absl::IsFailedPrecondition(AdoptChild(loop_, child_->pid(), options_, successor_).status()));
}

}  // namespace
}  // namespace ovpnbroker::ovpn
