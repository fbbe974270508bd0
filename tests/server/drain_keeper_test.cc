#include "server/drain_keeper.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/loop_runner.h"
#include "tests/support/recording_logger.h"
#include "tests/support/temp_dir.h"

namespace ovpnbroker::server {
namespace {

using std::chrono::hours;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

class DrainKeeperTest : public testing::Test {
 protected:
  // A broker with its drains, after the one before it has ended.
  void Restart() {
    keeper_.reset();
    drains_.emplace(loop_, clock_, [this](const std::string& instance, const std::string& reason) {
      ended_.emplace_back(instance, reason);
    });
    keeper_ = std::make_unique<DrainKeeper>(loop_, clock_, logger_, *drains_, directory_.path());
    ASSERT_TRUE(keeper_->Start().ok());
  }

  // What an earlier broker left: a drain of the office whose end has passed.
  void LeaveAnEndedDrain() {
    const ovpn::WallTime now = clock_.WallNow();
    std::ofstream(directory_.File("drains")) << FormatDrains({{.instance = "office",
                                                               .reason = "moving",
                                                               .start_time = now - hours(2),
                                                               .end_time = now - hours(1)}});
  }

  asio::io_context loop_;
  const ovpn::SystemClock clock_;
  test::RecordingLogger logger_;
  const test::TempDir directory_;
  std::vector<std::pair<std::string, std::string>> ended_;
  std::optional<InstanceDrains> drains_;
  std::unique_ptr<DrainKeeper> keeper_;
};

TEST_F(DrainKeeperTest, DrainedInstance_IsDrainedAfterARestart) {
  Restart();
  drains_->Begin({.instance = "office", .reason = "moving", .end_after = hours(1)});
  const InstanceDrainStatus before = *drains_->Find("office");
  Restart();
  const std::optional<InstanceDrainStatus> after = drains_->Find("office");
  ASSERT_TRUE(after.has_value());
  EXPECT_EQ(after->reason, "moving");
  const auto to_seconds = [](ovpn::WallTime time) {
    return std::chrono::floor<std::chrono::seconds>(time);
  };
  EXPECT_EQ(to_seconds(after->start_time), to_seconds(before.start_time));
  EXPECT_EQ(to_seconds(*after->end_time), to_seconds(*before.end_time));
  EXPECT_NE(drains_->GateOf("office"), nullptr);
  EXPECT_EQ(logger_.Count("DRAIN_RESTORED"), 1);
}

TEST_F(DrainKeeperTest, UndrainedInstance_IsNotDrainedAfterARestart) {
  Restart();
  drains_->Begin({.instance = "office", .reason = "moving"});
  Restart();
  ASSERT_TRUE(drains_->End("office"));
  Restart();
  EXPECT_EQ(drains_->GateOf("office"), nullptr);
}

TEST_F(DrainKeeperTest, EndThatPassedMeanwhile_EndsSessionsThatAreAdopted) {
  LeaveAnEndedDrain();
  Restart();
  test::RunReady(loop_);
  EXPECT_THAT(ended_, IsEmpty()) << "there are none yet";
  drains_->OnSessionAdopted("office");
  drains_->OnSessionAdopted("office");
  EXPECT_THAT(ended_, IsEmpty()) << "called back from inside";
  ASSERT_TRUE(test::RunUntil(loop_, [this] { return !ended_.empty(); }));
  EXPECT_THAT(ended_, ElementsAre(Pair("office", "moving")));
}

TEST_F(DrainKeeperTest, SessionAdoptedBeforeTheEnd_Stays) {
  Restart();
  drains_->Begin({.instance = "office", .reason = "moving", .end_after = hours(1)});
  drains_->Begin({.instance = "lab", .reason = "moving"});
  Restart();
  drains_->OnSessionAdopted("office");
  drains_->OnSessionAdopted("lab");
  drains_->OnSessionAdopted("hall");
  test::RunReady(loop_);
  EXPECT_THAT(ended_, IsEmpty());
}

TEST_F(DrainKeeperTest, FileNotUnderstood_IsSetAsideAndSaid) {
  std::ofstream(directory_.File("drains")) << "office is drained\n";
  Restart();
  EXPECT_EQ(logger_.Count("DRAINS_SET_ASIDE"), 1);
  EXPECT_EQ(drains_->GateOf("office"), nullptr);
}

}  // namespace
}  // namespace ovpnbroker::server
