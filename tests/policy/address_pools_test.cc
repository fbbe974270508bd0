#include "policy/address_pools.h"

#include <gtest/gtest.h>

#include "tests/policy/pool_options.h"

namespace ovpnbroker::policy {
namespace {

using test::Pool;

constexpr ovpn::WallTime kNow{std::chrono::hours(1)};

ovpn::IpAddress At(const char* text) { return *ovpn::IpAddress::Parse(text); }

// Gives `user` an address of the pool "staff" and holds it for the session.
ovpn::IpAddress Use(AddressPools& pools, const std::string& user, const std::string& session) {
  const auto lease =
      pools.Find("staff")->Give(user, kNow, [](const AddressLease&) { return false; });
  EXPECT_TRUE(lease.ok()) << lease.status();
  pools.Hold({session, "office"}, lease->address());
  return lease->address();
}

TEST(AddressPools, Replace_KeepsLeasesThatFitAndTheirHolders) {
  AddressPools pools({Pool("staff", "10.8.0.10-10.8.0.19")});
  const ovpn::IpAddress alice = Use(pools, "cn=alice", "s1");

  pools.Replace({Pool("staff", "10.8.0.10-10.8.0.30")}, {});

  EXPECT_EQ(pools.Find("staff")->Stats().held, 1U);
  EXPECT_NE(Use(pools, "cn=bob", "s2"), alice);
  pools.Release("s1", kNow);
  EXPECT_EQ(pools.Find("staff")->Stats().held, 1U);
  EXPECT_EQ(Use(pools, "cn=alice", "s3"), alice);
}

TEST(AddressPools, Replace_GoesOnCounting) {
  AddressPools pools({Pool("staff", "10.8.0.10-10.8.0.10")});
  Use(pools, "cn=alice", "s1");
  EXPECT_FALSE(
      pools.Find("staff")->Give("cn=bob", kNow, [](const AddressLease&) { return false; }).ok());

  pools.Replace({Pool("staff", "10.8.0.10-10.8.0.30")}, {});

  EXPECT_EQ(pools.Find("staff")->Stats().given, 1U);
  EXPECT_EQ(pools.Find("staff")->Stats().exhausted, 1U);
  EXPECT_EQ(pools.Find("staff")->Stats().ipv4_size, 21U);
  Use(pools, "cn=carol", "s2");
  EXPECT_EQ(pools.Find("staff")->Stats().given, 2U);
}

TEST(AddressPools, ReplaceByAnotherRange_LeavesLiveAddressesAlone) {
  AddressPools pools({Pool("staff", "10.8.0.10-10.8.0.10")});
  const ovpn::IpAddress alice = Use(pools, "cn=alice", "s1");

  pools.Replace({Pool("staff", "10.8.0.50-10.8.0.51")}, {});

  EXPECT_EQ(pools.HoldersOf(alice, "office").size(), 1U);
  EXPECT_EQ(Use(pools, "cn=bob", "s2"), At("10.8.0.50"));
  pools.Release("s1", kNow);
  EXPECT_EQ(Use(pools, "cn=alice", "s3"), At("10.8.0.51"));
}

TEST(AddressPools, AddressThatAnotherPoolTakesOver_IsNotGivenWhileItIsHeld) {
  AddressPools pools({Pool("staff", "10.8.0.10-10.8.0.10")});
  Use(pools, "cn=alice", "s1");

  pools.Replace({Pool("guests", "10.8.0.10-10.8.0.11")}, {});

  const auto given =
      pools.Find("guests")->Give("cn=bob", kNow, [](const AddressLease&) { return false; });
  ASSERT_TRUE(given.ok());
  EXPECT_EQ(given->address(), At("10.8.0.11"));
}

TEST(AddressPools, UnchangedPool_StaysAsItIs) {
  AddressPools pools({Pool("staff", "10.8.0.10-10.8.0.19")});
  Use(pools, "cn=alice", "s1");
  const AddressPool* const before = pools.Find("staff");
  pools.Replace({Pool("guests", "10.8.1.1-10.8.1.9"), Pool("staff", "10.8.0.10-10.8.0.19")},
                {"staff"});
  EXPECT_EQ(pools.Find("staff"), before);
  EXPECT_EQ(before->Stats().held, 1U);
  EXPECT_EQ(pools.all().front()->options().name, "guests");
}

}  // namespace
}  // namespace ovpnbroker::policy
