#include "server/lease_keeper.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/policy/pool_options.h"
#include "tests/support/recording_logger.h"
#include "tests/support/temp_dir.h"

namespace ovpnbroker::server {
namespace {

using policy::AddressPoolOptions;

AddressPoolOptions Staff() { return test::Pool("staff", "10.8.0.10-10.8.0.20"); }
bool NobodyGivesWay(const policy::AddressLease& /*lease*/) { return false; }

class LeaseKeeperTest : public testing::Test {
 protected:
  // A broker's pools, with nothing in them yet.
  LeaseKeeper& Make() {
    keeper_.reset();
    pools_.emplace(std::vector<AddressPoolOptions>{});
    keeper_ = std::make_unique<LeaseKeeper>(loop_, clock_, logger_, *pools_, directory_.path());
    return *keeper_;
  }
  // What an earlier broker left behind: alice has the pool's first address.
  void LeaveALease() {
    Make();
    ASSERT_TRUE(keeper_->Read().ok());
    keeper_->Keep();
    pools_->Replace({Staff()}, {});
    ASSERT_TRUE(pools_->Find("staff")->Give("cn=alice", clock_.WallNow(), NobodyGivesWay).ok());
    keeper_.reset();
  }

  asio::io_context loop_;
  ovpn::SystemClock clock_;
  test::RecordingLogger logger_;
  test::TempDir directory_;
  const std::string file_ = directory_.File("address-leases");
  std::optional<policy::AddressPools> pools_;
  std::unique_ptr<LeaseKeeper> keeper_;
};

TEST_F(LeaseKeeperTest, Read_ChangesNothingUntilKept) {
  LeaveALease();
  Make();
  ASSERT_TRUE(keeper_->Read().ok());
  pools_->Replace({Staff()}, {});
  EXPECT_EQ(pools_->Find("staff")->Stats().leases, 0);
  keeper_->Keep();
  EXPECT_EQ(pools_->Find("staff")->Stats().leases, 1);
}

TEST_F(LeaseKeeperTest, ReadAndNeverKept_LeavesTheFileAsItWas) {
  LeaveALease();
  Make();
  ASSERT_TRUE(keeper_->Read().ok());
  pools_->Replace({Staff()}, {});
  ASSERT_TRUE(pools_->Find("staff")->Give("cn=bob", clock_.WallNow(), NobodyGivesWay).ok());
  Make();
  ASSERT_TRUE(keeper_->Read().ok());
  pools_->Replace({Staff()}, {});
  keeper_->Keep();
  EXPECT_EQ(pools_->Find("staff")->Give("cn=alice", clock_.WallNow(), NobodyGivesWay)->address(),
            *ovpn::IpAddress::Parse("10.8.0.10"));
}

TEST_F(LeaseKeeperTest, PoolThatComesUnderALiveSession_HoldsItsLease) {
  LeaveALease();
  Make();
  const policy::AddressPools::Holder alice{ovpn::NewUuid7(clock_.WallNow()), "office"};
  pools_->Hold(alice, *ovpn::IpAddress::Parse("10.8.0.10"));
  ASSERT_TRUE(keeper_->Read().ok());
  pools_->Replace({Staff()}, {});
  keeper_->Keep();
  EXPECT_EQ(pools_->Find("staff")->Stats().held, 1);
  pools_->Release(alice.session, clock_.WallNow());
  EXPECT_EQ(pools_->Find("staff")->Stats().held, 0);
}

TEST_F(LeaseKeeperTest, FileThatCannotBeRead_IsAnErrorThatNamesIt) {
  std::filesystem::create_directory(file_);
  const absl::Status status = Make().Read();
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(std::string(status.message()), testing::HasSubstr(file_));
  EXPECT_TRUE(std::filesystem::is_directory(file_));
}

TEST_F(LeaseKeeperTest, FileThatCannotBeUnderstood_IsSetAsideWhenRead) {
  std::ofstream(file_) << "leases of another kind\n";
  ASSERT_TRUE(Make().Read().ok());
  EXPECT_FALSE(std::filesystem::exists(file_));
  EXPECT_EQ(logger_.Count("LEASES_SET_ASIDE"), 1);
  keeper_->Keep();
  EXPECT_EQ(logger_.Count("LEASES_LOADED"), 0);
}

// The loop tells the disk's thread only what changed: what was there before must not get lost.
TEST_F(LeaseKeeperTest, LeasesOfEarlierBrokers_StayInTheFile) {
  LeaveALease();
  Make();
  pools_->Replace({Staff()}, {});
  ASSERT_TRUE(keeper_->Read().ok());
  keeper_->Keep();
  ASSERT_TRUE(pools_->Find("staff")->Give("cn=bob", clock_.WallNow(), NobodyGivesWay).ok());
  Make();
  pools_->Replace({Staff()}, {});
  ASSERT_TRUE(keeper_->Read().ok());
  keeper_->Keep();
  EXPECT_EQ(pools_->Find("staff")->Stats().leases, 2);
}

}  // namespace
}  // namespace ovpnbroker::server
