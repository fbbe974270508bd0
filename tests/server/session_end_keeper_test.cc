// What the next broker finds of the ends of sessions, after a stop, a crash or a full disk.
#include "server/session_end_keeper.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ovpn/base/atomic_file.h"
#include "policy/session_end_file.h"
#include "tests/support/loop_runner.h"
#include "tests/support/recording_logger.h"
#include "tests/support/temp_dir.h"

namespace ovpnbroker::server {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Behind the loop's timers by a save interval: whoever waits for one is called in the next turn.
class HastyClock final : public ovpn::Clock {
 public:
  ovpn::SteadyTime Now() const override {
    return std::chrono::steady_clock::now() - StateFile::kSaveInterval;
  }
  ovpn::WallTime WallNow() const override { return std::chrono::system_clock::now(); }
};

class SessionEndKeeperTest : public testing::Test {
 protected:
  // A broker with its ends, after the one before it has ended.
  void Restart() {
    keeper_.reset();
    ends_.emplace();
    keeper_ = std::make_unique<SessionEndKeeper>(loop_, clock_, logger_, *ends_,
                                                 directory_.File("state"));
    ASSERT_TRUE(keeper_->Start().ok());
  }
  // Sessions are called by their CIDs.
  ovpn::Session Session(uint64_t cid) const {
    ovpn::Session session;
    session.uid = "session-" + std::to_string(cid);
    session.client = {"office", ovpn::Epoch{1}, ovpn::Cid{cid}};
    session.create_time = start_;
    return session;
  }
  void Limit(uint64_t cid) { ends_->Set(Session(cid), start_ + std::chrono::hours(1)); }
  // Whose ends a broker would find that starts now.
  std::vector<uint64_t> OnDisk() const {
    const auto text = ovpn::ReadWholeFile(file_, policy::kMaxSessionEndFileBytes);
    if (!text.ok()) return {};
    const auto ends = policy::ParseSessionEnds(*text);
    EXPECT_TRUE(ends.ok()) << ends.status();
    std::vector<uint64_t> cids;
    for (const policy::SessionEnd& end : *ends) cids.push_back(end.cid.value);
    return cids;
  }
  bool RunUntilOnDisk(const std::vector<uint64_t>& cids) {
    return test::RunUntil(loop_, [&] { return OnDisk() == cids; });
  }

  asio::io_context loop_;
  const HastyClock clock_;
  test::RecordingLogger logger_;
  const test::TempDir directory_;
  const std::string file_ = directory_.File("state/session-ends");
  const ovpn::WallTime start_ =
      std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  std::optional<policy::SessionEnds> ends_;
  std::unique_ptr<SessionEndKeeper> keeper_;
};

TEST_F(SessionEndKeeperTest, ChangesOfSeveralWrites_AddUp) {
  Restart();
  Limit(1);
  Limit(2);
  ASSERT_TRUE(RunUntilOnDisk({1, 2}));
  Limit(3);
  ASSERT_TRUE(RunUntilOnDisk({1, 2, 3}));
  ends_->Forget(Session(2));
  ends_->Forget(Session(3));
  ASSERT_TRUE(RunUntilOnDisk({1}));
}

TEST_F(SessionEndKeeperTest, EndThatMoved_IsWrittenAnew) {
  Restart();
  Limit(1);
  ASSERT_TRUE(RunUntilOnDisk({1}));
  ends_->Set(Session(1), start_ + std::chrono::hours(2));
  Restart();
  EXPECT_EQ(ends_->Claim(Session(1)), start_ + std::chrono::hours(2));
}

// A crash finds the same as what a stop leaves: the write of the last changes is not the loop's.
TEST_F(SessionEndKeeperTest, BrokerThatStops_LeavesItsLastState) {
  Restart();
  Limit(1);
  ASSERT_TRUE(RunUntilOnDisk({1}));
  Limit(2);
  keeper_.reset();
  EXPECT_THAT(OnDisk(), ElementsAre(1, 2));
}

TEST_F(SessionEndKeeperTest, EndsOfAnEarlierBroker_StayInTheFileUntilTheyAreOver) {
  Restart();
  Limit(1);
  Limit(2);
  Restart();
  EXPECT_EQ(logger_.Count("SESSION_ENDS_LOADED"), 1);
  Limit(3);
  ASSERT_TRUE(RunUntilOnDisk({1, 2, 3}));
  ASSERT_TRUE(ends_->Claim(Session(1)).has_value());
  ends_->Forget(Session(1));
  ASSERT_TRUE(RunUntilOnDisk({2, 3}));
}

TEST_F(SessionEndKeeperTest, WriteThatFailed_IsMadeUpForLater) {
  Restart();
  const std::string state = directory_.File("state");
  std::ofstream(state) << "in the way of the directory\n";
  Limit(1);
  ASSERT_TRUE(
      test::RunUntil(loop_, [this] { return logger_.Count("SESSION_ENDS_NOT_SAVED") > 0; }));
  EXPECT_THAT(OnDisk(), IsEmpty());
  std::filesystem::remove(state);
  ASSERT_TRUE(RunUntilOnDisk({1}));
  EXPECT_EQ(logger_.Count("SESSION_ENDS_NOT_SAVED"), 1);
}

}  // namespace
}  // namespace ovpnbroker::server
