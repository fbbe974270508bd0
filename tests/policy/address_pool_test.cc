#include "policy/address_pool.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/policy/pool_options.h"
#include "tests/support/status_matchers.h"

namespace ovpnbroker::policy {
namespace {

using test::Pool;
using test::StatusIs;
using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): durations in tests

constexpr ovpn::WallTime kNow{std::chrono::hours(1)};

bool Nobody(const AddressLease&) { return false; }
ovpn::IpAddress At(const char* text) { return *ovpn::IpAddress::Parse(text); }

std::string Give(AddressPool& pool, const std::string& user, ovpn::WallTime now = kNow) {
  const auto lease = pool.Give(user, now, Nobody);
  return lease.ok() ? lease->address().ToString() : std::string(lease.status().message());
}

// Gives and holds.
ovpn::IpAddress Use(AddressPool& pool, const std::string& user, ovpn::WallTime now = kNow) {
  const auto lease = pool.Give(user, now, Nobody);
  EXPECT_TRUE(lease.ok()) << lease.status();
  for (const ovpn::IpAddress& address : lease->addresses()) pool.OnHeld(address);
  return lease->address();
}

TEST(AddressPool, SameUser_GetsTheSameAddressAgain) {
  AddressPool pool(Pool("staff", "10.8.0.10-10.8.0.20"));
  EXPECT_EQ(Give(pool, "cn=alice"), "10.8.0.10");
  EXPECT_EQ(Give(pool, "cn=bob"), "10.8.0.11");
  EXPECT_EQ(Give(pool, "cn=alice"), "10.8.0.10");
}

TEST(AddressPool, SameUserTwiceAtOnce_GetsTwoAddressesAndKeepsBoth) {
  AddressPool pool(Pool("staff", "10.8.0.10-10.8.0.20"));
  const ovpn::IpAddress first = Use(pool, "cn=alice");
  const ovpn::IpAddress second = Use(pool, "cn=alice");
  EXPECT_NE(first, second);
  pool.OnFreed(second, kNow + 1s);
  pool.OnFreed(first, kNow + 2s);
  EXPECT_EQ(Use(pool, "cn=alice", kNow + 3s), first);  // the last one used
  EXPECT_EQ(Use(pool, "cn=alice", kNow + 3s), second);
}

TEST(AddressPool, HeldLeaseThatGivesWay_IsGivenAgain) {
  AddressPool pool(Pool("staff", "10.8.0.10-10.8.0.20"));
  const ovpn::IpAddress first = Use(pool, "cn=alice");
  const auto again =
      pool.Give("cn=alice", kNow, [&](const AddressLease& lease) { return lease.ipv4 == first; });
  EXPECT_EQ(again->address(), first);
}

TEST(AddressPool, NothingFree_TakesTheLeaseUnusedForLongest) {
  AddressPool pool(Pool("staff", "10.8.0.10-10.8.0.11"));
  Give(pool, "cn=alice", kNow);
  Give(pool, "cn=bob", kNow + 1s);
  Give(pool, "cn=alice", kNow + 2s);
  EXPECT_EQ(Give(pool, "cn=carol", kNow + 3s), "10.8.0.11");
  EXPECT_EQ(Give(pool, "cn=alice", kNow + 4s), "10.8.0.10");
  EXPECT_EQ(pool.Stats().evicted, 1U);
}

TEST(AddressPool, AllHeld_IsExhaustedAndCounted) {
  AddressPool pool(Pool("staff", "10.8.0.10-10.8.0.11"));
  Use(pool, "cn=alice");
  const ovpn::IpAddress second = Use(pool, "cn=bob");
  EXPECT_THAT(pool.Give("cn=carol", kNow, Nobody), StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_EQ(pool.Stats().exhausted, 1U);
  EXPECT_EQ(pool.Stats().held, 2U);
  pool.OnFreed(second, kNow);
  EXPECT_EQ(Give(pool, "cn=carol"), second.ToString());
}

TEST(AddressPool, MoreUsersThanLeases_ForgetsTheOldest) {
  AddressPoolOptions options = Pool("staff", "10.8.0.10-10.8.0.200");
  options.max_leases = 3;
  AddressPool pool(options);
  for (int i = 0; i < 50; ++i) Give(pool, absl::StrCat("cn=", i), kNow + std::chrono::seconds(i));
  EXPECT_EQ(pool.Stats().leases, 3U);
}

TEST(AddressPool, Excluded_IsNeverGiven) {
  AddressPoolOptions options = Pool("staff", "10.8.0.10-10.8.0.13");
  options.exclude = {*AddressRange::Parse("10.8.0.10-10.8.0.11"),
                     *AddressRange::Parse("10.8.0.13")};
  AddressPool pool(options);
  EXPECT_EQ(Use(pool, "cn=alice"), At("10.8.0.12"));
  EXPECT_THAT(pool.Give("cn=bob", kNow, Nobody), StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_FALSE(pool.Contains(At("10.8.0.10")));
  EXPECT_EQ(pool.Stats().ipv4_size, 1);
}

TEST(AddressPool, BothFamilies_GoTogether) {
  AddressPool pool(Pool("staff", "10.8.0.10-10.8.0.20", "fd00::10-fd00::10"));
  const auto lease = pool.Give("cn=alice", kNow, Nobody);
  ovpn::ClientConfig config;
  config.address_pool = "staff";
  pool.Configure(*lease, config);
  EXPECT_EQ(config.address_pool, "");
  EXPECT_EQ(config.ifconfig_push, (ovpn::IfconfigPush{At("10.8.0.10"), At("255.255.0.0")}));
  EXPECT_EQ(config.ifconfig_ipv6_push, (ovpn::IfconfigIpv6Push{At("fd00::10"), 64, At("fd00::1")}));
  for (const ovpn::IpAddress& address : lease->addresses()) pool.OnHeld(address);
  // IPv6 is exhausted, so nobody gets half a pair.
  EXPECT_THAT(pool.Give("cn=bob", kNow, Nobody), StatusIs(absl::StatusCode::kResourceExhausted));
}

TEST(AddressPool, AddressHeldWithoutALease_IsNotGiven) {
  AddressPool pool(Pool("staff", "10.8.0.10-10.8.0.20"));
  pool.OnHeld(At("10.8.0.10"));
  EXPECT_EQ(Give(pool, "cn=alice"), "10.8.0.11");
  pool.OnFreed(At("10.8.0.10"), kNow);
  EXPECT_EQ(Give(pool, "cn=bob"), "10.8.0.10");
}

TEST(AddressPool, Restored_IsStickyAgainAndMayBeHeldAlready) {
  AddressPool pool(Pool("staff", "10.8.0.10-10.8.0.20"));
  pool.OnHeld(At("10.8.0.15"));
  EXPECT_TRUE(pool.Restore({"cn=alice", At("10.8.0.15"), {}, kNow}));
  EXPECT_EQ(pool.Stats().held, 1U);
  EXPECT_EQ(Give(pool, "cn=alice"), "10.8.0.10");  // hers is in use
  EXPECT_FALSE(pool.Restore({"cn=bob", At("10.8.0.15"), {}, kNow}));
  EXPECT_FALSE(pool.Restore({"cn=bob", At("10.9.0.1"), {}, kNow}));
  EXPECT_FALSE(pool.Restore({"cn=bob", At("10.8.0.16"), At("fd00::1"), kNow}));
}

TEST(AddressPool, Release_EndsOnlyALeaseThatNobodyHolds) {
  AddressPool pool(Pool("staff", "10.8.0.10-10.8.0.20"));
  const ovpn::IpAddress address = Use(pool, "cn=alice");
  EXPECT_THAT(pool.Release(address), StatusIs(absl::StatusCode::kFailedPrecondition));
  pool.OnFreed(address, kNow);
  EXPECT_THAT(pool.Release(address), test::IsOk());
  EXPECT_THAT(pool.Release(address), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_EQ(Give(pool, "cn=bob"), address.ToString());
}

TEST(AddressPool, UserOf_TellsACertificatesNameFromALoginName) {
  AddressPoolOptions options = Pool("staff", "10.8.0.10");
  const AddressPool by_name(options);
  options.sticky_by = AddressPoolOptions::StickyBy::kUsername;
  const AddressPool by_user(options);
  ovpn::ClientIdentity both;
  both.common_name = "laptop-7";
  both.username = "alice";
  EXPECT_EQ(by_name.UserOf(both), "cn=laptop-7");
  EXPECT_EQ(by_user.UserOf(both), "user=alice");
  ovpn::ClientIdentity forger;
  forger.username = "laptop-7";
  EXPECT_EQ(by_name.UserOf(forger), "user=laptop-7");
  EXPECT_EQ(by_name.UserOf({}), "anonymous");
}

TEST(AddressPool, Changes_AreToldOnce) {
  AddressPool pool(Pool("staff", "10.8.0.10-10.8.0.19"));
  Give(pool, "cn=alice");
  Use(pool, "cn=bob");
  LeaseChanges changes = pool.TakeChanges();
  EXPECT_TRUE(changes.first);
  EXPECT_EQ(changes.set.size(), 2U);

  pool.OnFreed(At("10.8.0.11"), kNow + 1s);
  ASSERT_TRUE(pool.Release(At("10.8.0.10")).ok());
  changes = pool.TakeChanges();
  EXPECT_FALSE(changes.first);
  ASSERT_EQ(changes.set.size(), 1U);
  EXPECT_EQ(changes.set[0].second.user, "cn=bob");
  EXPECT_EQ(changes.set[0].second.last_use, kNow + 1s);
  EXPECT_EQ(changes.gone.size(), 1U);

  changes = pool.TakeChanges();
  EXPECT_TRUE(changes.set.empty() && changes.gone.empty());
}

// However long nobody asks, there are no more of them than leases.
TEST(AddressPool, LeaseThatCameAndWentUnseen_IsNotTold) {
  AddressPool pool(Pool("staff", "10.8.0.10-10.8.0.10"));
  pool.TakeChanges();
  for (int i = 0; i < 100; ++i) Give(pool, std::to_string(i), kNow + std::chrono::seconds(i));
  const LeaseChanges changes = pool.TakeChanges();
  EXPECT_EQ(changes.set.size(), 1U);
  EXPECT_TRUE(changes.gone.empty());
}

}  // namespace
}  // namespace ovpnbroker::policy
