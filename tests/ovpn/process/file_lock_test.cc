#include "ovpn/process/file_lock.h"

#include <signal.h>
#include <unistd.h>

#include <asio/io_context.hpp>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "ovpn/process/posix_launcher.h"
#include "tests/ovpn/process/child_recorder.h"
#include "tests/support/loop_runner.h"
#include "tests/support/temp_dir.h"

namespace ovpnbroker::ovpn {
namespace {

using ::testing::HasSubstr;

TEST(InstanceLock, Free_IsTakenAndReleasedWithItsOwner) {
  const test::TempDir directory;
  {
    const auto attempt = TryAcquireInstanceLock(directory.path(), "office");
    ASSERT_TRUE(attempt.ok()) << attempt.status();
    EXPECT_TRUE(attempt->lock.has_value());
    EXPECT_EQ(attempt->lock->path(), directory.File("office.lock"));
  }
  EXPECT_TRUE(TryAcquireInstanceLock(directory.path(), "office")->lock.has_value());
}

TEST(InstanceLock, Held_TellsTheHoldersPid) {
  const test::TempDir directory;
  auto first = TryAcquireInstanceLock(directory.path(), "office");
  ASSERT_TRUE(first.ok());
  auto second = TryAcquireInstanceLock(directory.path(), "office");
  ASSERT_TRUE(second.ok());
  EXPECT_FALSE(second->lock.has_value());
  EXPECT_EQ(second->holder, std::nullopt);  // nothing was written yet

  ASSERT_TRUE(first->lock->WritePid(123456).ok());
  ASSERT_TRUE(first->lock->WritePid(77).ok());
  second = TryAcquireInstanceLock(directory.path(), "office");
  ASSERT_TRUE(second.ok());
  EXPECT_EQ(second->holder, 77);
}

TEST(InstanceLock, InheritedByChild_StaysHeldUntilTheChildEnds) {
  const test::TempDir directory;
  asio::io_context loop;
  PosixLauncher launcher(loop);
  test::ChildRecorder observer;
  std::unique_ptr<ChildProcess> child;
  {
    auto attempt = TryAcquireInstanceLock(directory.path(), "office");
    ASSERT_TRUE(attempt.ok());
    LaunchOptions options = test::Shell("echo ready; exec sleep 600");
    options.inherited_fds = {attempt->lock->fd()};
    auto launched = launcher.Launch(options, observer);
    ASSERT_TRUE(launched.ok()) << launched.status();
    child = *std::move(launched);
    ASSERT_TRUE(attempt->lock->WritePid(child->pid()).ok());
  }
  // As after the broker's death: only the child has the lock now.
  const auto while_it_runs = TryAcquireInstanceLock(directory.path(), "office");
  ASSERT_TRUE(while_it_runs.ok());
  EXPECT_FALSE(while_it_runs->lock.has_value());
  EXPECT_EQ(while_it_runs->holder, child->pid());

  ASSERT_TRUE(child->Signal(SIGKILL).ok());
  ASSERT_TRUE(test::RunUntil(loop, [&] { return observer.status.has_value(); }));
  EXPECT_TRUE(TryAcquireInstanceLock(directory.path(), "office")->lock.has_value());
}

TEST(InstanceLock, NameThatLeavesTheDirectory_IsInvalid) {
  const test::TempDir directory;
  for (const char* name : {"", "../x", "a/b"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(TryAcquireInstanceLock(directory.path(), name).status()));
  }
}

TEST(InstanceLock, SymbolicLinkInItsPlace_IsNotFollowed) {
  const test::TempDir directory;
  std::filesystem::create_symlink(directory.File("target"), directory.File("office.lock"));
  EXPECT_FALSE(TryAcquireInstanceLock(directory.path(), "office").ok());
  EXPECT_FALSE(std::filesystem::exists(directory.File("target")));
}

TEST(DirectoryLock, SecondBroker_IsRefusedWithPidAndDirectory) {
  const test::TempDir directory;
  const auto first = AcquireDirectoryLock(directory.path());
  ASSERT_TRUE(first.ok()) << first.status();
  const auto second = AcquireDirectoryLock(directory.path());
  EXPECT_TRUE(absl::IsFailedPrecondition(second.status()));
  EXPECT_THAT(second.status().message(), HasSubstr(absl::StrCat("(process ", getpid(), ")")));
  EXPECT_THAT(second.status().message(), HasSubstr(directory.path()));
}

TEST(DirectoryLock, DirectoryMissing_IsAnErrorThatNamesTheFile) {
  const auto lock = AcquireDirectoryLock("/nonexistent/run");
  EXPECT_TRUE(absl::IsNotFound(lock.status()));
  EXPECT_THAT(lock.status().message(), HasSubstr("/nonexistent/run/broker.lock"));
}

}  // namespace
}  // namespace ovpnbroker::ovpn
