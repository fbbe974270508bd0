#include "ovpn/base/atomic_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/temp_dir.h"

namespace ovpnbroker::ovpn {
namespace {

using ::testing::HasSubstr;

constexpr size_t kLimit = 1024;

mode_t ModeOf(const std::string& path) {
  struct stat info{};
  EXPECT_EQ(stat(path.c_str(), &info), 0);
  return info.st_mode & 07777;
}

TEST(AtomicFile, Written_IsReadBackByteForByte) {
  const test::TempDir directory;
  const std::string path = directory.File("state");
  const std::string content("a\0b\n\xff", 5);
  ASSERT_TRUE(WriteFileAtomically(path, content).ok());
  EXPECT_EQ(*ReadWholeFile(path, kLimit), content);
  EXPECT_EQ(ModeOf(path) & 07, 0U);
}

TEST(AtomicFile, Replaced_LeavesNoTemporaryFile) {
  const test::TempDir directory;
  const std::string path = directory.File("state");
  ASSERT_TRUE(WriteFileAtomically(path, "old").ok());
  ASSERT_TRUE(WriteFileAtomically(path, "").ok());
  EXPECT_EQ(*ReadWholeFile(path, kLimit), "");
  EXPECT_FALSE(std::filesystem::exists(path + ".tmp"));
}

TEST(AtomicFile, TargetThatCannotBeReplaced_KeepsItAndCleansUp) {
  const test::TempDir directory;
  const std::string path = directory.File("state");
  std::filesystem::create_directory(path);
  std::ofstream(path + "/inside") << "x";
  const absl::Status status = WriteFileAtomically(path, "new");
  EXPECT_THAT(std::string(status.message()), HasSubstr(path));
  EXPECT_TRUE(std::filesystem::exists(path + "/inside"));
  EXPECT_FALSE(std::filesystem::exists(path + ".tmp"));
}

TEST(AtomicFile, LinkInPlaceOfTheTemporaryFile_IsNotWrittenThrough) {
  const test::TempDir directory;
  const std::string victim = directory.File("victim");
  std::ofstream(victim) << "precious";
  std::filesystem::create_symlink(victim, directory.File("state.tmp"));
  ASSERT_TRUE(WriteFileAtomically(directory.File("state"), "new").ok());
  EXPECT_EQ(*ReadWholeFile(victim, kLimit), "precious");
}

TEST(AtomicFile, MissingDirectory_IsToldWithThePath) {
  const test::TempDir directory;
  const std::string path = directory.File("no/state");
  EXPECT_TRUE(absl::IsNotFound(WriteFileAtomically(path, "x")));
  EXPECT_TRUE(absl::IsNotFound(ReadWholeFile(path, kLimit).status()));
}

TEST(AtomicFile, LargerThanTheLimit_IsRefused) {
  const test::TempDir directory;
  const std::string path = directory.File("state");
  ASSERT_TRUE(WriteFileAtomically(path, std::string(kLimit, 'x')).ok());
  EXPECT_TRUE(ReadWholeFile(path, kLimit).ok());
  EXPECT_TRUE(absl::IsResourceExhausted(ReadWholeFile(path, kLimit - 1).status()));
}

TEST(AtomicFile, FifoOrDirectory_IsRefusedWithoutWaiting) {
  const test::TempDir directory;
  const std::string fifo = directory.File("fifo");
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_TRUE(absl::IsInvalidArgument(ReadWholeFile(fifo, kLimit).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(ReadWholeFile(directory.path(), kLimit).status()));
}

TEST(StateDirectory, Missing_IsMadeForTheBrokerAndItsGroup) {
  const test::TempDir directory;
  const std::string path = directory.File("a/b");
  ASSERT_TRUE(MakeStateDirectory(path).ok());
  EXPECT_EQ(ModeOf(path) & 07, 0U);
  EXPECT_TRUE(MakeStateDirectory(path).ok());
}

TEST(StateDirectory, FileInItsPlace_IsRefused) {
  const test::TempDir directory;
  std::ofstream(directory.File("a")) << "x";
  EXPECT_TRUE(absl::IsFailedPrecondition(MakeStateDirectory(directory.File("a"))));
}

}  // namespace
}  // namespace ovpnbroker::ovpn
