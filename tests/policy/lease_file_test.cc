#include "policy/lease_file.h"

#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "gtest/gtest.h"
#include "policy/lease_mirror.h"
#include "tests/policy/pool_options.h"

namespace ovpnbroker::policy {
namespace {

constexpr ovpn::WallTime kThen{std::chrono::seconds(1'800'000'000)};

std::string SomeLeases() {
  AddressPools pools({test::Pool("staff", "10.8.0.10-10.8.0.20", "fd00::10-fd00::20"),
                      test::Pool("guests", "10.8.1.0/24")});
  const auto nobody = [](const AddressLease&) { return false; };
  // A name is bytes from a certificate.
  EXPECT_TRUE(pools.Find("staff")->Give("cn=a\tb\n\xff\\", kThen, nobody).ok());
  EXPECT_TRUE(pools.Find("guests")->Give("user=carol", kThen, nobody).ok());
  LeaseMirror mirror;
  mirror.Apply(pools.TakeLeaseChanges());
  return mirror.Text();
}

TEST(LeaseFile, WrittenAndRead_IsTheSame) {
  const auto leases = ParseLeases(SomeLeases());
  ASSERT_TRUE(leases.ok()) << leases.status();
  ASSERT_EQ(leases->size(), 2U);
  EXPECT_EQ(leases->at(0).pool, "staff");
  EXPECT_EQ(leases->at(0).lease.user, "cn=a\tb\n\xff\\");
  EXPECT_EQ(leases->at(0).lease.ipv4->ToString(), "10.8.0.10");
  EXPECT_EQ(leases->at(0).lease.ipv6->ToString(), "fd00::10");
  EXPECT_EQ(leases->at(0).lease.last_use, kThen);
  EXPECT_EQ(leases->at(1).lease.ipv6, std::nullopt);
}

TEST(LeaseFile, CutAnywhere_IsRefused) {
  const std::string whole = SomeLeases();
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(ParseLeases(whole.substr(0, size)).ok()) << size;
  }
}

TEST(LeaseFile, AnythingElse_IsRefusedWithItsLine) {
  const std::string whole = SomeLeases();
  const auto with = [&](const char* old_text, const char* new_text) {
    const std::string changed = absl::StrReplaceAll(whole, {{old_text, new_text}});
    EXPECT_NE(changed, whole) << old_text;
    return std::string(ParseLeases(changed).status().message());
  };
  EXPECT_TRUE(absl::StartsWith(with("leases 1\n", "leases 2\n"), "line 1: "));
  EXPECT_TRUE(absl::StartsWith(with("10.8.0.10", "10.8.0.1000"), "line 2: "));
  EXPECT_TRUE(absl::StartsWith(with("10.8.0.10", "fd00::1"), "line 2: "));
  EXPECT_TRUE(absl::StartsWith(with("1800000000", "-1"), "line 2: "));
  EXPECT_TRUE(absl::StartsWith(with("end 2", "end 3"), "line 4: "));
  EXPECT_TRUE(absl::StartsWith(with("end 2\n", "end 2\nmore\n"), "line 5: "));
}

}  // namespace
}  // namespace ovpnbroker::policy
