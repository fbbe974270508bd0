#include "server/ban_keeper.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "policy/ban_file.h"
#include "tests/policy/bans.h"
#include "tests/support/loop_runner.h"
#include "tests/support/recording_logger.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace ovpnbroker::server {
namespace {

using policy::BanKind;
using test::MakeBan;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// Its alarm clock rings at once, or never, as the test says.
class KeeperClock final : public ovpn::Clock {
 public:
  ovpn::SteadyTime Now() const override {
    const auto now = std::chrono::steady_clock::now();
    return upkeep_at_once ? now - BanKeeper::kUpkeepInterval : now + std::chrono::hours(1);
  }
  ovpn::WallTime WallNow() const override { return wall_now; }

  bool upkeep_at_once = false;
  ovpn::WallTime wall_now{std::chrono::hours(1000)};
};

std::string Read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class BanKeeperTest : public testing::Test {
 protected:
  // A broker's keeper with nothing in its list; the one before has ended.
  BanKeeper& Start() {
    keeper_.reset();
    bans_ = std::make_unique<policy::BanList>();
    keeper_ = std::make_unique<BanKeeper>(loop_, clock_, logger_, *bans_, directory_);
    EXPECT_TRUE(keeper_->Start().ok());
    return *keeper_;
  }
  // Begins to add, and tells how many have been saved how.
  void Add(const policy::Ban& ban) {
    EXPECT_TRUE(
        keeper_->Add(ban, [this](const absl::Status& status) { saved_.push_back(status); }).ok());
  }
  bool RunUntilSaved(size_t count) {
    return test::RunUntil(loop_, [this, count] { return saved_.size() == count; });
  }
  // What stands in the file now.
  std::vector<std::string> InFile() const {
    std::vector<std::string> uids;
    const auto bans = policy::ParseBanFile(Read(file_));
    if (!bans.ok()) return {"no file: " + std::string(bans.status().message())};
    for (const policy::Ban& ban : *bans) uids.push_back(ban.uid);
    return uids;
  }

  test::TempDir dir_;
  const std::string directory_ = dir_.File("state");
  const std::string file_ = dir_.File("state/bans");
  asio::io_context loop_;
  KeeperClock clock_;
  test::RecordingLogger logger_;
  std::unique_ptr<policy::BanList> bans_;
  std::unique_ptr<BanKeeper> keeper_;
  std::vector<absl::Status> saved_;
};

TEST_F(BanKeeperTest, NoFile_IsNoBansAndMakesNone) {
  EXPECT_EQ(Start().list().size(), 0U);
  keeper_.reset();
  EXPECT_FALSE(std::filesystem::exists(directory_));
}

TEST_F(BanKeeperTest, Ban_HoldsAtOnceAndIsOnTheDiskWhenItIsSaid) {
  Start();
  Add(MakeBan("b1", BanKind::kUsername, "mallory"));
  EXPECT_EQ(bans_->size(), 1U);
  EXPECT_THAT(saved_, IsEmpty());
  ASSERT_TRUE(RunUntilSaved(1));
  EXPECT_TRUE(saved_[0].ok());
  EXPECT_THAT(InFile(), ElementsAre("b1"));
}

TEST_F(BanKeeperTest, NextKeeper_KnowsTheBansAsTheyWere) {
  Start();
  policy::Ban ban = MakeBan("b1", BanKind::kRealAddress, "192.0.2.0/24");
  ban.expire_time = clock_.wall_now + std::chrono::hours(1);
  Add(ban);
  Add(MakeBan("b2", BanKind::kCommonName, "carol"));
  ASSERT_TRUE(RunUntilSaved(2));
  Start();
  ASSERT_EQ(bans_->size(), 2U);
  EXPECT_EQ(*bans_->Find("b1", clock_.wall_now), ban);
  EXPECT_EQ(logger_.Count("BANS_LOADED"), 1);
}

TEST_F(BanKeeperTest, ChangesDuringAWrite_AreAllSaved) {
  Start();
  for (const char* uid : {"b1", "b2", "b3"}) Add(MakeBan(uid, BanKind::kUsername, uid));
  EXPECT_TRUE(
      keeper_->Remove("b2", [this](const absl::Status& status) { saved_.push_back(status); })
          .has_value());
  ASSERT_TRUE(RunUntilSaved(4));
  EXPECT_THAT(InFile(), ElementsAre("b1", "b3"));
}

TEST_F(BanKeeperTest, End_WritesWhatWaits) {
  Start();
  Add(MakeBan("b1", BanKind::kUsername, "a"));
  Add(MakeBan("b2", BanKind::kUsername, "b"));  // behind a write under way
  keeper_.reset();
  EXPECT_THAT(InFile(), ElementsAre("b1", "b2"));
}

TEST_F(BanKeeperTest, SecondBanOfASubject_TakesTheFirstOutOfTheFile) {
  Start();
  Add(MakeBan("b1", BanKind::kUsername, "mallory"));
  Add(MakeBan("b2", BanKind::kUsername, "MALLORY"));
  ASSERT_TRUE(RunUntilSaved(2));
  EXPECT_THAT(InFile(), ElementsAre("b2"));
}

TEST_F(BanKeeperTest, RemovalOfWhatIsNotThere_SavesNothing) {
  Start();
  EXPECT_FALSE(keeper_->Remove("b1", [](const absl::Status&) { ADD_FAILURE(); }).has_value());
  keeper_.reset();
  EXPECT_FALSE(std::filesystem::exists(file_));
}

// A broker that forgot its bans would let people in.
TEST_F(BanKeeperTest, DamagedFile_IsRefusedWithItsNameAndARemedy) {
  std::filesystem::create_directory(directory_);
  std::ofstream(file_) << "ovpn-broker bans 1\nb1\tUSER";
  policy::BanList bans;
  BanKeeper keeper(loop_, clock_, logger_, bans, directory_);
  EXPECT_THAT(keeper.Start(),
              test::StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("line 2")));
  EXPECT_THAT(std::string(keeper.Start().message()), HasSubstr(file_));
  EXPECT_THAT(std::string(keeper.Start().message()), HasSubstr("Bring back a copy"));
}

TEST_F(BanKeeperTest, RefusedFile_IsLeftAsItIs) {
  std::filesystem::create_directory(directory_);
  std::ofstream(file_) << "not a ban file";
  {
    policy::BanList bans;
    BanKeeper keeper(loop_, clock_, logger_, bans, directory_);
    EXPECT_FALSE(keeper.Start().ok());
  }
  EXPECT_EQ(Read(file_), "not a ban file");
}

TEST_F(BanKeeperTest, DiskThatFails_IsToldOnceAndTriedAgain) {
  clock_.upkeep_at_once = true;
  Start();
  std::ofstream(directory_) << "in the way";
  Add(MakeBan("b1", BanKind::kUsername, "a"));
  Add(MakeBan("b2", BanKind::kUsername, "b"));
  ASSERT_TRUE(RunUntilSaved(2));
  EXPECT_FALSE(saved_[0].ok());
  EXPECT_FALSE(saved_[1].ok());
  EXPECT_EQ(bans_->size(), 2U);  // they hold all the same
  EXPECT_EQ(logger_.Count("BANS_NOT_SAVED"), 1);

  std::filesystem::remove(directory_);
  EXPECT_TRUE(test::RunUntil(loop_, [this] { return std::filesystem::exists(file_); }));
  EXPECT_THAT(InFile(), ElementsAre("b1", "b2"));
}

TEST_F(BanKeeperTest, ExpiredBan_LeavesTheFile) {
  Start();
  policy::Ban ban = MakeBan("b1", BanKind::kUsername, "a");
  ban.expire_time = clock_.wall_now + std::chrono::hours(1);
  Add(ban);
  Add(MakeBan("b2", BanKind::kUsername, "b"));
  ASSERT_TRUE(RunUntilSaved(2));
  clock_.wall_now += std::chrono::hours(1);
  clock_.upkeep_at_once = true;
  Start();
  EXPECT_TRUE(test::RunUntil(loop_, [this] { return InFile() == std::vector<std::string>{"b2"}; }));
}

TEST_F(BanKeeperTest, Counts_TellHowBansCameAndWent) {
  clock_.upkeep_at_once = true;
  Start();
  Add(MakeBan("1", BanKind::kUsername, "alice"));
  Add(MakeBan("2", BanKind::kUsername, "Alice"));  // takes the place of the first
  Add(MakeBan("3", BanKind::kCommonName, "bob"));
  policy::Ban short_ban = MakeBan("4", BanKind::kRealAddress, "192.0.2.0/24");
  short_ban.expire_time = clock_.wall_now + std::chrono::minutes(1);
  Add(short_ban);
  const auto count_save = [this](const absl::Status& status) { saved_.push_back(status); };
  EXPECT_TRUE(keeper_->Remove("3", count_save).has_value());
  EXPECT_FALSE(keeper_->Remove("3", count_save).has_value());
  EXPECT_EQ(bans_->size(BanKind::kUsername), 1U);
  EXPECT_EQ(bans_->size(BanKind::kCommonName), 0U);
  EXPECT_EQ(bans_->size(BanKind::kRealAddress), 1U);

  ASSERT_TRUE(RunUntilSaved(5));
  EXPECT_EQ(keeper_->counts().expired, 0U);
  clock_.wall_now += std::chrono::minutes(1);
  ASSERT_TRUE(test::RunUntil(loop_, [this] { return keeper_->counts().expired == 1; }));
  EXPECT_EQ(keeper_->counts().added, 4U);
  EXPECT_EQ(keeper_->counts().replaced, 1U);
  EXPECT_EQ(keeper_->counts().removed, 1U);
  EXPECT_EQ(bans_->size(BanKind::kRealAddress), 0U);
}

}  // namespace
}  // namespace ovpnbroker::server
