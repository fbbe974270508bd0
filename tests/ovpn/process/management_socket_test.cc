#include "ovpn/process/management_socket.h"

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/ovpn/process/unix_listener.h"
#include "tests/support/temp_dir.h"

namespace ovpnbroker::ovpn {
namespace {

using test::TempDir;
using test::UnixListener;
using ::testing::HasSubstr;

TEST(PrepareSocketDirectory, Missing_IsMadeClosedToOthers) {
  const TempDir directory;
  ASSERT_TRUE(PrepareSocketDirectory(directory.File("run/m.sock")).ok());
  struct stat info;
  ASSERT_EQ(stat(directory.File("run").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0700u);
  EXPECT_TRUE(PrepareSocketDirectory(directory.File("run/m.sock")).ok()) << "the second time";
}

TEST(PrepareSocketDirectory, OpenToOthers_IsRefusedAndLeftAlone) {
  const TempDir directory;
  ASSERT_EQ(mkdir(directory.File("run").c_str(), 0700), 0);
  ASSERT_EQ(chmod(directory.File("run").c_str(), 0755), 0);
  const absl::Status status = PrepareSocketDirectory(directory.File("run/m.sock"));
  EXPECT_TRUE(absl::IsFailedPrecondition(status));
  EXPECT_THAT(status.message(), HasSubstr("mode 0755"));
}

TEST(PrepareSocketDirectory, ParentMissing_IsAnErrorThatNamesIt) {
  const TempDir directory;
  const absl::Status status = PrepareSocketDirectory(directory.File("no/such/m.sock"));
  EXPECT_TRUE(absl::IsNotFound(status));
  EXPECT_THAT(status.message(), HasSubstr(directory.File("no/such")));
}

TEST(PrepareSocketDirectory, LinkOrFileInItsPlace_IsRefused) {
  const TempDir directory;
  std::filesystem::create_directory_symlink(directory.path(), directory.File("link"));
  std::ofstream(directory.File("file")) << "x";
  for (const char* path : {"link/m.sock", "file/m.sock"}) {
    EXPECT_TRUE(absl::IsFailedPrecondition(PrepareSocketDirectory(directory.File(path)))) << path;
  }
}

TEST(PrepareSocketDirectory, BadPath_IsInvalid) {
  const TempDir directory;
  const std::string longest = absl::StrCat("/", std::string(107, 'x'));
  for (const std::string& path :
       {std::string(), std::string("m.sock"), std::string("/run/"), longest}) {
    EXPECT_TRUE(absl::IsInvalidArgument(PrepareSocketDirectory(path))) << path;
  }
}

TEST(PrepareSocketDirectory, SomebodyElses_IsRefused) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can give a directory away";
  const TempDir directory;
  ASSERT_EQ(mkdir(directory.File("run").c_str(), 0700), 0);
  ASSERT_EQ(chown(directory.File("run").c_str(), 65534, 65534), 0);
  const absl::Status status = PrepareSocketDirectory(directory.File("run/m.sock"));
  EXPECT_TRUE(absl::IsFailedPrecondition(status));
  EXPECT_THAT(status.message(), HasSubstr("belongs to user 65534"));
}

TEST(ClearSocketPlace, NothingThere_IsFree) {
  const TempDir directory;
  const auto place = ClearSocketPlace(directory.File("m.sock"));
  ASSERT_TRUE(place.ok()) << place.status();
  EXPECT_EQ(*place, SocketPlace::kFree);
}

TEST(ClearSocketPlace, StaleSocket_IsRemoved) {
  const TempDir directory;
  {
    const UnixListener gone(directory.File("m.sock"));
  }
  ASSERT_TRUE(std::filesystem::exists(directory.File("m.sock")));
  const auto place = ClearSocketPlace(directory.File("m.sock"));
  ASSERT_TRUE(place.ok()) << place.status();
  EXPECT_EQ(*place, SocketPlace::kStaleRemoved);
  EXPECT_FALSE(std::filesystem::exists(directory.File("m.sock")));
}

TEST(ClearSocketPlace, LiveListener_IsRefusedWithItsPidAndLeftAlone) {
  const TempDir directory;
  const UnixListener listener(directory.File("m.sock"));
  const auto place = ClearSocketPlace(directory.File("m.sock"));
  EXPECT_TRUE(absl::IsFailedPrecondition(place.status()));
  EXPECT_THAT(place.status().message(), HasSubstr(absl::StrCat("(process ", getpid(), ")")));
  EXPECT_THAT(place.status().message(), HasSubstr(directory.File("m.sock")));
  EXPECT_TRUE(std::filesystem::exists(directory.File("m.sock")));
}

TEST(ClearSocketPlace, LiveListenerWithFullBacklog_IsRefused) {
  const TempDir directory;
  const UnixListener listener(directory.File("m.sock"), 0);
  const UniqueFd first = listener.Connect();
  EXPECT_TRUE(absl::IsFailedPrecondition(ClearSocketPlace(directory.File("m.sock")).status()));
  EXPECT_TRUE(std::filesystem::exists(directory.File("m.sock")));
}

TEST(ClearSocketPlace, OtherKindsOfFiles_AreRefusedAndLeftAlone) {
  const TempDir directory;
  std::ofstream(directory.File("file")) << "precious";
  std::filesystem::create_directory(directory.File("directory"));
  std::filesystem::create_symlink(directory.File("file"), directory.File("link"));
  for (const char* name : {"file", "directory", "link"}) {
    const auto place = ClearSocketPlace(directory.File(name));
    EXPECT_TRUE(absl::IsFailedPrecondition(place.status())) << name;
    EXPECT_THAT(place.status().message(), HasSubstr(directory.File(name)));
    EXPECT_TRUE(std::filesystem::exists(directory.File(name)));
  }
}

TEST(CheckTcpPlace, NobodyListens_IsFree) {
  asio::io_context loop;
  asio::ip::tcp::endpoint endpoint;
  {
    const asio::ip::tcp::acceptor gone(loop, {asio::ip::address_v4::loopback(), 0});
    endpoint = gone.local_endpoint();
  }
  EXPECT_TRUE(CheckTcpPlace(endpoint).ok());
}

TEST(CheckTcpPlace, SomebodyListens_IsAnError) {
  asio::io_context loop;
  const asio::ip::tcp::acceptor listener(loop, {asio::ip::address_v4::loopback(), 0});
  EXPECT_TRUE(absl::IsFailedPrecondition(CheckTcpPlace(listener.local_endpoint())));
}

}  // namespace
}  // namespace ovpnbroker::ovpn
