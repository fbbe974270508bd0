// The copy of all leases that is written to the disk, and what it is told.
#include "policy/lease_mirror.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "policy/lease_file.h"
#include "tests/policy/pool_options.h"

namespace ovpnbroker::policy {
namespace {

using test::Pool;

constexpr ovpn::WallTime kNow{std::chrono::hours(1)};

void Give(AddressPools& pools, const std::string& pool, const std::string& user) {
  const auto nobody = [](const AddressLease&) { return false; };
  ASSERT_TRUE(pools.Find(pool)->Give(user, kNow, nobody).ok());
}

// "POOL USER" of each lease in the file.
std::vector<std::string> Written(AddressPools& pools, LeaseMirror& mirror) {
  mirror.Apply(pools.TakeLeaseChanges());
  const auto leases = ParseLeases(mirror.Text());
  EXPECT_TRUE(leases.ok()) << leases.status();
  std::vector<std::string> written;
  for (const auto& [pool, lease] : *leases) {
    written.push_back(absl::StrCat(pool, " ", lease.user));
  }
  return written;
}

using Lines = std::vector<std::string>;

TEST(LeaseMirror, Changes_AddUp) {
  AddressPools pools({Pool("staff", "10.8.0.10-10.8.0.20"), Pool("guests", "10.8.1.0-10.8.1.9")});
  LeaseMirror mirror;
  Give(pools, "staff", "alice");
  EXPECT_EQ(Written(pools, mirror), Lines({"staff alice"}));
  Give(pools, "guests", "carol");
  Give(pools, "staff", "bob");
  EXPECT_EQ(Written(pools, mirror), Lines({"staff alice", "staff bob", "guests carol"}));
  ASSERT_TRUE(pools.Find("staff")->Release(*ovpn::IpAddress::Parse("10.8.0.10")).ok());
  EXPECT_EQ(Written(pools, mirror), Lines({"staff bob", "guests carol"}));
}

TEST(LeaseMirror, PoolsThatWereReplaced_LeaveNothingOfTheOldOnes) {
  AddressPools pools({Pool("staff", "10.8.0.10-10.8.0.20"), Pool("guests", "10.8.1.0-10.8.1.9"),
                      Pool("same", "10.8.2.0-10.8.2.9")});
  LeaseMirror mirror;
  Give(pools, "staff", "alice");
  Give(pools, "staff", "bob");
  Give(pools, "guests", "carol");
  Give(pools, "same", "dave");
  Written(pools, mirror);
  // Bob's address is no longer in it.
  pools.Replace({Pool("same", "10.8.2.0-10.8.2.9"), Pool("staff", "10.8.0.10-10.8.0.10")},
                {"same"});
  EXPECT_EQ(Written(pools, mirror), Lines({"same dave", "staff alice"}));
}

}  // namespace
}  // namespace ovpnbroker::policy
