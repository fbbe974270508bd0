#include "ovpn/base/unix_socket.h"

#include <gmock/gmock.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "tests/support/temp_dir.h"

namespace ovpnbroker::ovpn {
namespace {

using testing::HasSubstr;

TEST(UnixSocket, Listening_HasItsModeAndGroup) {
  const test::TempDir dir;
  const std::string path = dir.File("s");
  const struct group* own = getgrgid(getgid());
  ASSERT_NE(own, nullptr);
  const auto listener = ListenOnUnixSocket(path, {0640, own->gr_name});
  ASSERT_TRUE(listener.ok()) << listener.status();
  struct stat entry = {};
  ASSERT_EQ(stat(path.c_str(), &entry), 0);
  EXPECT_EQ(entry.st_mode & 07777, 0640U);
  EXPECT_EQ(entry.st_gid, getgid());
}

TEST(UnixSocket, SocketOfADeadProcess_IsReplaced) {
  const test::TempDir dir;
  {
    ASSERT_TRUE(ListenOnUnixSocket(dir.File("s"), {}).ok());
  }
  ASSERT_TRUE(std::filesystem::exists(dir.File("s")));
  EXPECT_TRUE(ListenOnUnixSocket(dir.File("s"), {}).ok());
}

TEST(UnixSocket, SocketInUse_IsLeftAlone) {
  const test::TempDir dir;
  const auto first = ListenOnUnixSocket(dir.File("s"), {});
  ASSERT_TRUE(first.ok());
  const auto second = ListenOnUnixSocket(dir.File("s"), {});
  EXPECT_EQ(second.status().code(), absl::StatusCode::kAlreadyExists);
  EXPECT_THAT(std::string(second.status().message()), HasSubstr(dir.File("s")));
  EXPECT_EQ(ListenOnUnixSocket(dir.File("s"), {}).status().code(),
            absl::StatusCode::kAlreadyExists);
}

TEST(UnixSocket, FileAtItsPath_IsLeftAlone) {
  const test::TempDir dir;
  std::ofstream(dir.File("s")) << "precious";
  const auto listener = ListenOnUnixSocket(dir.File("s"), {});
  EXPECT_EQ(listener.status().code(), absl::StatusCode::kAlreadyExists);
  EXPECT_THAT(std::string(listener.status().message()), HasSubstr("is not a socket"));
  EXPECT_EQ(std::filesystem::file_size(dir.File("s")), 8U);
}

TEST(UnixSocket, UnknownGroupLongPathMissingDirectory_AreErrors) {
  const test::TempDir dir;
  EXPECT_THAT(
      std::string(ListenOnUnixSocket(dir.File("s"), {0660, "no-such-group"}).status().message()),
      HasSubstr("there is no group \"no-such-group\""));
  EXPECT_EQ(ListenOnUnixSocket(dir.File(std::string(108, 'a')), {}).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_FALSE(ListenOnUnixSocket(dir.File("no/s"), {}).ok());
}

}  // namespace
}  // namespace ovpnbroker::ovpn
