#include "policy/free_addresses.h"

#include <algorithm>
#include <random>
#include <set>

#include "gtest/gtest.h"

namespace ovpnbroker::policy {
namespace {

ovpn::IpAddress At(const char* text) { return *ovpn::IpAddress::Parse(text); }
AddressRange Range(const char* text) { return *AddressRange::Parse(text); }

TEST(AddressRange, EveryWrittenForm_IsRead) {
  EXPECT_EQ(Range("10.8.0.5"), (AddressRange{At("10.8.0.5"), At("10.8.0.5")}));
  EXPECT_EQ(Range("10.8.0.0/30"), (AddressRange{At("10.8.0.0"), At("10.8.0.3")}));
  EXPECT_EQ(Range("fd00::5-fd00::9"), (AddressRange{At("fd00::5"), At("fd00::9")}));
}

TEST(AddressRange, NonsenseOrBackwards_IsRefused) {
  for (const char* const text : {"", "-", "10.8.0.9-10.8.0.5", "10.8.0.5-fd00::1", "10.8.0.5-",
                                 "10.8.0.1/30", "10.8.0.1-10.8.0.2-10.8.0.3", "all"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(AddressRange::Parse(text).status())) << text;
  }
}

TEST(FreeAddresses, WholeFamily64_CostsOneRange) {
  FreeAddresses free(Range("fd00::/64"));
  EXPECT_EQ(free.count(), absl::uint128(1) << 64);
  EXPECT_TRUE(free.Take(At("fd00::8000:0:0:0")));
  EXPECT_FALSE(free.Take(At("fd00::8000:0:0:0")));
  EXPECT_EQ(free.Lowest(), At("fd00::"));
  EXPECT_EQ(free.count(), (absl::uint128(1) << 64) - 1);
}

TEST(FreeAddresses, EndsOfTheNumberSpace_AreTakenAndPut) {
  FreeAddresses free(Range("255.255.255.254-255.255.255.255"));
  EXPECT_TRUE(free.Take(At("255.255.255.255")));
  EXPECT_TRUE(free.Take(At("255.255.255.254")));
  EXPECT_TRUE(free.empty());
  free.Put(At("255.255.255.255"));
  EXPECT_EQ(free.Lowest(), At("255.255.255.255"));
}

TEST(FreeAddresses, OutsideOrOtherFamily_IsNotFree) {
  FreeAddresses free(Range("10.8.0.2-10.8.0.9"));
  EXPECT_FALSE(free.Take(At("10.8.0.10")));
  EXPECT_FALSE(free.Take(At("::a08:2")));
}

// Random takes and puts against a plain set.
TEST(FreeAddresses, AnySequence_AgreesWithASet) {
  std::mt19937 random(20);  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same run every time
  const AddressRange range = Range("10.8.0.0/26");
  FreeAddresses free(range);
  std::set<uint64_t> expected;
  const uint64_t first = absl::Uint128Low64(range.first.ToNumber());
  for (uint64_t i = 0; i < 64; ++i) expected.insert(first + i);
  for (int step = 0; step < 20000; ++step) {
    const uint64_t number = first + random() % 64;
    const auto address = ovpn::IpAddress::FromNumber(ovpn::IpAddress::Family::kV4, number);
    switch (random() % 5) {
      case 0:
      case 1:
        EXPECT_EQ(free.Take(address), expected.erase(number) == 1);
        break;
      case 2:
      case 3:
        if (expected.insert(number).second) free.Put(address);
        break;
      default: {
        const uint64_t last = std::min<uint64_t>(number + random() % 6, first + 63);
        free.TakeAll({address, ovpn::IpAddress::FromNumber(ovpn::IpAddress::Family::kV4, last)});
        expected.erase(expected.lower_bound(number), expected.upper_bound(last));
      }
    }
    ASSERT_EQ(free.count(), expected.size());
    ASSERT_EQ(free.empty(), expected.empty());
    const auto lowest = free.Lowest();
    ASSERT_EQ(lowest.has_value(), !expected.empty());
    ASSERT_TRUE(expected.empty() || lowest->ToNumber() == *expected.begin());
  }
}

}  // namespace
}  // namespace ovpnbroker::policy
