// What the next broker knows of when sessions are to end, and of which sessions.
#include "policy/session_ends.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "policy/session_end_file.h"
#include "policy/session_end_mirror.h"

namespace ovpnbroker::policy {
namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): durations in tests
using testing::IsEmpty;
using testing::SizeIs;

constexpr ovpn::WallTime kThen{1'800'000'000s};

ovpn::Session Session(const std::string& uid, uint64_t cid, ovpn::WallTime create_time = kThen) {
  ovpn::Session session;
  session.uid = uid;
  session.client = {"office", ovpn::Epoch{1}, ovpn::Cid{cid}};
  session.create_time = create_time;
  return session;
}

// As the next broker finds it.
SessionEnds Restarted(const SessionEnds& ends, ovpn::WallTime now = kThen) {
  SessionEnds next;
  auto kept = ParseSessionEnds(FormatSessionEnds(ends.All()));
  EXPECT_TRUE(kept.ok()) << kept.status();
  next.Restore(*std::move(kept), now);
  return next;
}

TEST(SessionEnds, AdoptedSession_GetsItsEndBackOnce) {
  SessionEnds ends;
  ends.Set(Session("a", 3), kThen + 60s);
  SessionEnds next = Restarted(ends);
  // OpenVPN counts from the first packet.
  const ovpn::Session adopted = Session("b", 3, kThen - 2s);
  EXPECT_EQ(next.Claim(adopted), kThen + 60s);
  EXPECT_EQ(next.Claim(adopted), std::nullopt);
  EXPECT_EQ(next.Claim(Session("c", 4)), std::nullopt);
  // Until it is over, for the broker after the next.
  EXPECT_EQ(Restarted(next).Claim(Session("d", 3, kThen - 2s)), kThen + 60s);
  next.Forget(adopted);
  EXPECT_THAT(next.All(), IsEmpty());
}

TEST(SessionEnds, LaterSessionWithTheSameCid_IsAnother) {
  SessionEnds ends;
  ends.Set(Session("a", 3), kThen + 60s);
  SessionEnds next = Restarted(ends);
  EXPECT_EQ(next.Claim(Session("b", 3, kThen + 1s)), std::nullopt);
}

TEST(SessionEnds, EndOfAnOlderSession_LeavesTheNewerOneAlone) {
  SessionEnds ends;
  ends.Set(Session("a", 3), kThen + 60s);
  ends.Set(Session("b", 3), kThen + 90s);
  ends.Forget(Session("a", 3));
  EXPECT_THAT(ends.All(), SizeIs(1));
}

TEST(SessionEnds, NeverClaimed_IsDroppedAfterAWhile) {
  SessionEnds ends;
  ends.Set(Session("a", 3), kThen + 60s);
  const ovpn::WallTime late = kThen + 60s + SessionEnds::kUnclaimedMemory;
  EXPECT_THAT(Restarted(ends, late).All(), SizeIs(1));
  EXPECT_THAT(Restarted(ends, late + 1s).All(), IsEmpty());
}

TEST(SessionEnds, Revision_MovesWithEachChangeOnly) {
  SessionEnds ends;
  const uint64_t empty = ends.revision();
  ends.Set(Session("a", 3), kThen + 60s);
  const uint64_t one = ends.revision();
  EXPECT_NE(one, empty);
  ends.Forget(Session("b", 4));
  EXPECT_EQ(ends.revision(), one);
  ends.Forget(Session("a", 3));
  EXPECT_NE(ends.revision(), one);
}

TEST(SessionEnds, Changes_AreTakenOnceAndMakeTheSameFile) {
  SessionEnds ends;
  SessionEndMirror mirror;
  const auto mirrored = [&] {
    const std::vector<SessionEndChange> changes = ends.TakeChanges();
    mirror.Apply(changes);
    EXPECT_EQ(mirror.Text(), FormatSessionEnds(ends.All()));
    return changes.size();
  };
  ends.Restore({{"office", ovpn::Cid{1}, kThen, kThen + 60s}}, kThen);
  ends.Set(Session("a", 2), kThen + 60s);
  ends.Set(Session("b", 3), kThen + 60s);
  ends.Forget(Session("b", 3));
  EXPECT_EQ(mirrored(), 3U);
  EXPECT_EQ(mirrored(), 0U);
  ends.Set(Session("a", 2), kThen + 90s);
  EXPECT_EQ(mirrored(), 1U);
  ends.Forget(Session("a", 2));
  EXPECT_EQ(mirrored(), 1U);
}

TEST(SessionEndFile, OddNames_AreKept) {
  const std::vector<SessionEnd> ends = {{"a\tb\n\\", ovpn::Cid{7}, kThen, kThen + 1s}};
  const auto read = ParseSessionEnds(FormatSessionEnds(ends));
  ASSERT_TRUE(read.ok()) << read.status();
  ASSERT_THAT(*read, SizeIs(1));
  EXPECT_EQ(read->at(0).instance, "a\tb\n\\");
  EXPECT_EQ(read->at(0).cid, ovpn::Cid{7});
  EXPECT_EQ(read->at(0).end_time, kThen + 1s);
}

TEST(SessionEndFile, AnythingElse_IsRefusedWithItsLine) {
  SessionEnds ends;
  ends.Set(Session("a", 3), kThen + 60s);
  const std::string whole = FormatSessionEnds(ends.All());
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(ParseSessionEnds(whole.substr(0, size)).ok()) << size;
  }
  const auto with = [&](const char* old_text, const char* new_text) {
    const std::string changed = absl::StrReplaceAll(whole, {{old_text, new_text}});
    EXPECT_NE(changed, whole) << old_text;
    return std::string(ParseSessionEnds(changed).status().message());
  };
  EXPECT_TRUE(absl::StartsWith(with("ends 1\n", "ends 2\n"), "line 1: "));
  EXPECT_TRUE(absl::StartsWith(with("\t3\t", "\t-3\t"), "line 2: "));
  EXPECT_TRUE(absl::StartsWith(with("1800000060", "18000000600"), "line 2: "));
  EXPECT_TRUE(absl::StartsWith(with("end 1", "end 2"), "line 3: "));
}

}  // namespace
}  // namespace ovpnbroker::policy
