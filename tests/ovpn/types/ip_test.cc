#include "ovpn/types/ip.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/hash/hash_testing.h"
#include "tests/support/status_matchers.h"

namespace ovpnbroker::ovpn {
namespace {

using test::IsOkAndHolds;
using test::StatusIs;
using testing::HasSubstr;
using testing::Property;

IpAddress Address(absl::string_view text) { return IpAddress::Parse(text).value(); }
IpPrefix Prefix(absl::string_view text) { return IpPrefix::Parse(text).value(); }

TEST(IpAddress, ValidText_IsPrintedCanonically) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"10.8.0.2", "10.8.0.2"},
      {"0.0.0.0", "0.0.0.0"},
      {"255.255.255.255", "255.255.255.255"},
      {"FD00:0:0::2", "fd00::2"},
      {"::", "::"},
      {"::ffff:192.0.2.1", "::ffff:192.0.2.1"},
      {"fd00:1:2:3:4:5:6:7", "fd00:1:2:3:4:5:6:7"},
  };
  for (const auto& [text, canonical] : cases) {
    EXPECT_THAT(IpAddress::Parse(text), IsOkAndHolds(Property(&IpAddress::ToString, canonical)));
  }
}

TEST(IpAddress, AppendTo_KeepsWhatIsThere) {
  std::string text = "from ";
  Address("10.8.0.2").AppendTo(text);
  text += " to ";
  Address("fd00::2").AppendTo(text);
  EXPECT_EQ(text, "from 10.8.0.2 to fd00::2");
}

TEST(IpAddress, EveryOctet_IsPrinted) {
  for (int octet = 0; octet < 256; ++octet) {
    const std::string text = std::to_string(octet) + ".0.9." + std::to_string(octet);
    EXPECT_EQ(Address(text).ToString(), text);
  }
}

TEST(IpAddress, AnythingElse_IsRefused) {
  const std::string cases[] = {
      "",           " 10.0.0.1", "10.0.0.1 ",     "10.0.0",
      "10.0.0.256", "010.0.0.1", "10.0.0.1/32",   "10.0.0.1:80",
      "fe80::1%lo", "[fd00::1]", "fd00:::1",      "localhost",
      "0x0a000001", "167772161", "10.0.0.1\nEND", std::string("10.0.0.1\0x", 10)};
  for (const std::string& text : cases) {
    EXPECT_THAT(IpAddress::Parse(text), StatusIs(absl::StatusCode::kInvalidArgument)) << text;
  }
}

TEST(IpAddress, Families_AreTold) {
  EXPECT_TRUE(Address("10.0.0.1").is_v4());
  EXPECT_EQ(Address("10.0.0.1").bytes().size(), 4U);
  EXPECT_TRUE(Address("::1").is_v6());
  EXPECT_EQ(Address("::1").bytes().size(), 16U);
  EXPECT_NE(Address("0.0.0.0"), Address("::"));
}

TEST(IpAddress, Hash_AgreesWithEquality) {
  EXPECT_TRUE(absl::VerifyTypeImplementsAbslHashCorrectly(
      {IpAddress(), Address("10.0.0.1"), Address("::"), Address("fd00::1")}));
}

TEST(IpPrefix, ValidText_IsPrintedWithItsLength) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"10.8.0.0/24", "10.8.0.0/24"},   {"10.8.0.0/255.255.255.0", "10.8.0.0/24"},
      {"10.8.0.1", "10.8.0.1/32"},      {"0.0.0.0/0", "0.0.0.0/0"},
      {"0.0.0.0/0.0.0.0", "0.0.0.0/0"}, {"fd00::/64", "fd00::/64"},
      {"fd00::1", "fd00::1/128"},       {"::/0", "::/0"},
      {"10.8.0.0/024", "10.8.0.0/24"},
  };
  for (const auto& [text, canonical] : cases) {
    EXPECT_THAT(IpPrefix::Parse(text), IsOkAndHolds(Property(&IpPrefix::ToString, canonical)))
        << text;
  }
}

TEST(IpPrefix, AnythingElse_IsRefusedWithAReason) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"10.8.0.0/33", "0 to 32"},
      {"fd00::/129", "0 to 128"},
      {"10.8.0.1/24", "host bits"},
      {"fd00::1/64", "host bits"},
      {"10.8.0.0/255.0.255.0", "netmask"},
      {"10.8.0.0/255.255.255", "netmask"},
      {"10.8.0.0/", "decimal"},
      {"10.8.0.0/ 24", "decimal"},
      {"10.8.0.0/+24", "decimal"},
      {"10.8.0.0/-1", "decimal"},
      {"10.8.0.0/24/24", "decimal"},
      {"10.8.0.0/9999999999", "decimal"},
      {"fd00::/255.0.0.0", "decimal"},
      {"/24", "not an IPv4 or IPv6 address"},
      {"", "not an IPv4 or IPv6 address"},
  };
  for (const auto& [text, reason] : cases) {
    EXPECT_THAT(IpPrefix::Parse(text),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(reason)))
        << text;
  }
}

TEST(IpPrefix, Contains_LooksAtThePrefixBitsOnly) {
  EXPECT_TRUE(Prefix("10.8.0.0/20").Contains(Address("10.8.15.255")));
  EXPECT_FALSE(Prefix("10.8.0.0/20").Contains(Address("10.8.16.0")));
  EXPECT_TRUE(Prefix("0.0.0.0/0").Contains(Address("192.0.2.1")));
  EXPECT_FALSE(Prefix("0.0.0.0/0").Contains(Address("::1")));
  EXPECT_TRUE(Prefix("fd00::/65").Contains(Address("fd00::7fff:0:0:1")));
  EXPECT_FALSE(Prefix("fd00::/65").Contains(Address("fd00::8000:0:0:1")));
}

TEST(IpPrefix, NetmaskText_IsDotted) {
  EXPECT_EQ(Prefix("0.0.0.0/0").NetmaskText(), "0.0.0.0");
  EXPECT_EQ(Prefix("10.0.0.0/9").NetmaskText(), "255.128.0.0");
  EXPECT_EQ(Prefix("10.0.0.1/32").NetmaskText(), "255.255.255.255");
}

TEST(IpPrefix, EveryNetmask_ParsesBack) {
  for (int length = 0; length <= 32; ++length) {
    const IpPrefix prefix = IpPrefix::Make(IpAddress(), length).value();
    EXPECT_EQ(Prefix("0.0.0.0/" + prefix.NetmaskText()).length(), length);
  }
}

TEST(IpAddress, NumberAndBack_GivesTheSameAddress) {
  for (const char* const text : {"0.0.0.0", "10.8.0.255", "255.255.255.255", "::", "fd00::1:2",
                                 "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"}) {
    const IpAddress address = *IpAddress::Parse(text);
    EXPECT_EQ(IpAddress::FromNumber(address.family(), address.ToNumber()), address) << text;
  }
  EXPECT_EQ(IpAddress::Parse("10.8.0.255")->ToNumber() + 1,
            IpAddress::Parse("10.8.1.0")->ToNumber());
}

TEST(IpPrefix, Last_HasAllHostBitsSet) {
  EXPECT_EQ(IpPrefix::Parse("10.8.0.0/23")->Last().ToString(), "10.8.1.255");
  EXPECT_EQ(IpPrefix::Parse("10.8.0.7")->Last().ToString(), "10.8.0.7");
  EXPECT_EQ(IpPrefix::Parse("fd00::/120")->Last().ToString(), "fd00::ff");
  EXPECT_EQ(IpPrefix::Parse("::/0")->Last().ToString(), "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
}

}  // namespace
}  // namespace ovpnbroker::ovpn
