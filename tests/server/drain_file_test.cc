#include "server/drain_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ovpnbroker::server {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;

ovpn::WallTime At(int64_t since_epoch) { return ovpn::WallTime(seconds(since_epoch)); }

TEST(DrainFile, Drains_ReadBackAsWritten) {
  const std::string text = FormatDrains({
      {.instance = "office", .reason = "moving to b2, \"soon\"\t!", .start_time = At(1'000)},
      {.instance = "lab", .reason = "", .start_time = At(2'000), .end_time = At(2'600)},
  });
  const auto drains = ParseDrains(text);
  ASSERT_TRUE(drains.ok()) << drains.status();
  ASSERT_EQ(drains->size(), 2u);
  EXPECT_EQ(drains->at(0).instance, "office");
  EXPECT_EQ(drains->at(0).reason, "moving to b2, \"soon\"\t!");
  EXPECT_EQ(drains->at(0).start_time, At(1'000));
  EXPECT_FALSE(drains->at(0).end_time.has_value());
  EXPECT_EQ(drains->at(1).reason, "");
  EXPECT_EQ(drains->at(1).end_time, At(2'600));
}

TEST(DrainFile, None_IsAFileToo) {
  const auto drains = ParseDrains(FormatDrains({}));
  ASSERT_TRUE(drains.ok()) << drains.status();
  EXPECT_TRUE(drains->empty());
}

class DrainFileLine : public testing::TestWithParam<const char*> {};

TEST_P(DrainFileLine, Wrong_IsAnErrorThatNamesTheLine) {
  const auto drains = ParseDrains("ovpn-broker drains 1\n" + std::string(GetParam()) + "\nend 1\n");
  EXPECT_TRUE(absl::IsInvalidArgument(drains.status()));
  EXPECT_THAT(drains.status().message(), HasSubstr("line 2"));
}

INSTANTIATE_TEST_SUITE_P(All, DrainFileLine,
                         testing::Values("office", "office\t1000\t-", "\t1000\t-\tmoving",
                                         "office\tsoon\t-\tmoving", "office\t1000\tlater\tmoving",
                                         "office\t1000\t-\tmov\\ing", "office\t1000\t-\ta\tb"));

}  // namespace
}  // namespace ovpnbroker::server
