#include "ovpn/base/ids.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <type_traits>

#include "absl/hash/hash_testing.h"

namespace ovpnbroker::ovpn {
namespace {

static_assert(!std::is_convertible_v<Kid, Cid> && !std::is_convertible_v<Cid, Kid>);
static_assert(!std::is_convertible_v<uint64_t, Cid> && !std::is_convertible_v<uint32_t, Kid>);

KeyRef Key(const std::string& instance, uint64_t epoch, uint64_t cid, uint32_t kid) {
  return {{instance, Epoch{epoch}, Cid{cid}}, Kid{kid}};
}

TEST(KeyRef, AnyPartDiffers_IsAnotherKey) {
  const KeyRef key = Key("office", 1, 4, 1);
  EXPECT_EQ(key, Key("office", 1, 4, 1));
  EXPECT_NE(key, Key("home", 1, 4, 1));
  EXPECT_NE(key, Key("office", 2, 4, 1));
  EXPECT_NE(key, Key("office", 1, 5, 1));
  EXPECT_NE(key, Key("office", 1, 4, 2));
}

TEST(KeyRef, Hash_AgreesWithEquality) {
  EXPECT_TRUE(absl::VerifyTypeImplementsAbslHashCorrectly({Key("a", 1, 1, 1), Key("b", 1, 1, 1),
                                                           Key("a", 2, 1, 1), Key("a", 1, 2, 1),
                                                           Key("a", 1, 1, 2), Key("", 0, 0, 0)}));
}

TEST(KeyRef, ToString_NamesAllParts) {
  EXPECT_EQ(ToString(Key("office", 1, 18446744073709551615U, 4294967295U)),
            "office/1/18446744073709551615/4294967295");
}

WallTime At(int64_t unix_milliseconds) {
  return WallTime(std::chrono::milliseconds(unix_milliseconds));
}

TEST(NewUuid7, HasTheFormOfVersion7) {
  EXPECT_THAT(NewUuid7(At(0x0123456789ab)),
              testing::MatchesRegex("01234567-89ab-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"));
}

TEST(NewUuid7, SameMillisecond_Differs) {
  std::set<std::string> uuids;
  for (int i = 0; i < 1000; ++i) uuids.insert(NewUuid7(At(1'700'000'000'000)));
  EXPECT_EQ(uuids.size(), 1000U);
}

TEST(NewUuid7, LaterMillisecond_SortsLater) {
  EXPECT_LT(NewUuid7(At(1'700'000'000'000)), NewUuid7(At(1'700'000'000'001)));
  EXPECT_LT(NewUuid7(At(1'699'999'999'999)), NewUuid7(At(1'700'000'000'000)));
}

}  // namespace
}  // namespace ovpnbroker::ovpn
