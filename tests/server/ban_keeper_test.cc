// The bans in their file: what is counted on the way.
#include "server/ban_keeper.h"

#include <gtest/gtest.h>

#include <asio/io_context.hpp>
#include <chrono>
#include <string>

#include "tests/policy/bans.h"
#include "tests/support/loop_runner.h"
#include "tests/support/recording_logger.h"
#include "tests/support/temp_dir.h"

namespace ovpnbroker::server {
namespace {

using policy::BanKind;

// Its alarms are due at once; the wall moves by hand.
class HastyClock final : public ovpn::Clock {
 public:
  ovpn::SteadyTime Now() const override {
    return std::chrono::steady_clock::now() - std::chrono::hours(1);
  }
  ovpn::WallTime WallNow() const override { return wall; }

  ovpn::WallTime wall{std::chrono::hours(1000)};
};

class BanKeeperTest : public testing::Test {
 protected:
  void Add(policy::Ban ban) {
    ASSERT_TRUE(keeper_.Add(std::move(ban), [this](const absl::Status&) { ++saved_; }).ok());
  }

  test::TempDir dir_;
  asio::io_context loop_;
  HastyClock clock_;
  test::RecordingLogger logger_;
  policy::BanList bans_;
  BanKeeper keeper_{loop_, clock_, logger_, bans_, dir_.File("state")};
  int saved_ = 0;
};

TEST_F(BanKeeperTest, Counts_TellHowBansCameAndWent) {
  ASSERT_TRUE(keeper_.Start().ok());
  Add(test::MakeBan("1", BanKind::kUsername, "alice"));
  Add(test::MakeBan("2", BanKind::kUsername, "Alice"));  // takes the place of the first
  Add(test::MakeBan("3", BanKind::kCommonName, "bob"));
  policy::Ban short_ban = test::MakeBan("4", BanKind::kRealAddress, "192.0.2.0/24");
  short_ban.expire_time = clock_.wall + std::chrono::minutes(1);
  Add(std::move(short_ban));
  const auto count_save = [this](const absl::Status&) { ++saved_; };
  EXPECT_TRUE(keeper_.Remove("3", count_save).has_value());
  EXPECT_FALSE(keeper_.Remove("3", count_save).has_value());
  EXPECT_EQ(bans_.size(BanKind::kUsername), 1U);
  EXPECT_EQ(bans_.size(BanKind::kCommonName), 0U);
  EXPECT_EQ(bans_.size(BanKind::kRealAddress), 1U);

  ASSERT_TRUE(test::RunUntil(loop_, [this] { return saved_ == 5; }));
  EXPECT_EQ(keeper_.counts().expired, 0U);
  clock_.wall += std::chrono::minutes(1);
  ASSERT_TRUE(test::RunUntil(loop_, [this] { return keeper_.counts().expired == 1; }));
  EXPECT_EQ(keeper_.counts().added, 4U);
  EXPECT_EQ(keeper_.counts().replaced, 1U);
  EXPECT_EQ(keeper_.counts().removed, 1U);
  EXPECT_EQ(bans_.size(BanKind::kRealAddress), 0U);
}

}  // namespace
}  // namespace ovpnbroker::server
