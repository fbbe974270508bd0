#include "ovpn/process/config_age.h"

#include <chrono>
#include <filesystem>
#include <fstream>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/temp_dir.h"

namespace ovpnbroker::ovpn {
namespace {

using std::chrono::hours;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ConfigAgeTest : public testing::Test {
 protected:
  ConfigAgeTest() {
    Write("office.conf", "dev tun\nconfig common.conf\n");
    Write("common.conf", "verb 3\n<ca>\nconfig ca.conf\n</ca>\n");
  }

  std::string Write(const std::string& name, const std::string& text) {
    std::ofstream(files_.File(name)) << text;
    return files_.File(name);
  }
  std::vector<std::string> WrittenAfter(WallTime time) {
    return ConfigFilesWrittenAfter(time, files_.File("office.conf"), files_.path());
  }
  static WallTime Now() { return std::chrono::system_clock::now(); }

  test::TempDir files_;
};

TEST_F(ConfigAgeTest, FilesOlderThanTheTime_AreNotNamed) {
  EXPECT_THAT(WrittenAfter(Now() + hours(1)), IsEmpty());
}

TEST_F(ConfigAgeTest, FilesWrittenAfterTheTime_AreNamedWithThoseTheyInclude) {
  EXPECT_THAT(WrittenAfter(Now() - hours(1)),
              ElementsAre(files_.File("office.conf"), files_.File("common.conf")));
}

TEST_F(ConfigAgeTest, FileReplacedByAnOlderOne_IsNamed) {
  const std::string copy = Write("copy.conf", "dev tun\n");
  std::filesystem::last_write_time(copy, std::filesystem::file_time_type::clock::now() - hours(48));
  std::filesystem::rename(copy, files_.File("office.conf"));
  EXPECT_THAT(WrittenAfter(Now() - hours(1)), ElementsAre(files_.File("office.conf")));
}

TEST_F(ConfigAgeTest, FileThatIsGone_IsNotNamed) {
  std::filesystem::remove(files_.File("office.conf"));
  EXPECT_THAT(WrittenAfter(Now() - hours(1)), IsEmpty());
}

}  // namespace
}  // namespace ovpnbroker::ovpn
