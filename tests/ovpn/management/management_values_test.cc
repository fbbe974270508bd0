// The small values of ovpn/management: addresses, versions, numbers, the tally of unknown names.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "ovpn/management/decimal.h"
#include "ovpn/management/management_address.h"
#include "ovpn/management/openvpn_version.h"
#include "ovpn/management/unknown_notifications.h"

namespace ovpnbroker::ovpn {
namespace {

TEST(ManagementAddress, LongestPath_IsTaken) {
  const std::string longest = "/" + std::string(ManagementAddress::kMaxUnixPathBytes - 1, 'x');
  ASSERT_TRUE(ManagementAddress::Unix(longest).ok());
  EXPECT_EQ(ManagementAddress::Unix(longest)->ToString(), longest);
}

TEST(ManagementAddress, PathThatOpenvpnWouldCut_IsRefused) {
  const std::string path = "/" + std::string(ManagementAddress::kMaxUnixPathBytes, 'x');
  EXPECT_EQ(ManagementAddress::Unix(path).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(ManagementAddress, RelativeEmptyOrNulPath_IsRefused) {
  EXPECT_FALSE(ManagementAddress::Unix("").ok());
  EXPECT_FALSE(ManagementAddress::Unix("m.sock").ok());
  EXPECT_FALSE(ManagementAddress::Unix(absl::string_view("/a\0b", 4)).ok());
}

TEST(ManagementAddress, LoopbackWithPort_IsTaken) {
  for (const char* text : {"127.0.0.1:7505", "127.9.9.9:1", "[::1]:65535"}) {
    const auto address = ManagementAddress::Tcp(text);
    ASSERT_TRUE(address.ok()) << address.status();
    EXPECT_EQ(address->ToString(), text);
  }
}

TEST(ManagementAddress, AnythingElse_IsRefused) {
  for (const char* text : {"", "127.0.0.1", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536",
                           "127.0.0.1:+1", "192.0.2.1:7505", "0.0.0.0:7505", "[::]:7505",
                           "::1:7505", "[127.0.0.1]:7505", "localhost:7505", "[]:1", ":7505"}) {
    EXPECT_EQ(ManagementAddress::Tcp(text).status().code(), absl::StatusCode::kInvalidArgument)
        << text;
  }
}

TEST(OpenvpnVersion, WhatReleasesPrint_IsRead) {
  EXPECT_EQ(*OpenvpnVersion::Parse("OpenVPN 2.6.14 x86_64-pc-linux-gnu [SSL (OpenSSL)]"),
            (OpenvpnVersion{2, 6, 14}));
  EXPECT_EQ(*OpenvpnVersion::Parse("OpenVPN 2.7_beta1 x86_64"), (OpenvpnVersion{2, 7, 0}));
  EXPECT_EQ(*OpenvpnVersion::Parse("OpenVPN 2.7_git [git:master/0123]"), (OpenvpnVersion{2, 7, 0}));
  EXPECT_EQ(OpenvpnVersion::Parse("OpenVPN 2.6.14 x")->ToString(), "2.6.14");
}

TEST(OpenvpnVersion, AnythingElse_IsRefused) {
  for (const char* text : {"", "2.6.14", "OpenVPN", "OpenVPN x", "OpenVPN 2", "OpenVPN 2.x",
                           "OpenVPN 2.6.x", "OpenVPN -2.6.1", "OpenVPN 99999999999.1"}) {
    EXPECT_FALSE(OpenvpnVersion::Parse(text).ok()) << text;
  }
}

TEST(OpenvpnVersion, Order_IsNumeric) {
  EXPECT_LT((OpenvpnVersion{2, 6, 9}), kOldestOpenvpn);
  EXPECT_LT((OpenvpnVersion{2, 5, 99}), kOldestOpenvpn);
  EXPECT_GE((OpenvpnVersion{2, 6, 11}), kOldestOpenvpn);
  EXPECT_GE((OpenvpnVersion{2, 7, 0}), kOldestOpenvpn);
}

TEST(ParseDecimal, OnlyDigitsThatFit_AreANumber) {
  EXPECT_EQ(ParseDecimal<uint64_t>("18446744073709551615"), UINT64_MAX);
  EXPECT_EQ(ParseDecimal<uint64_t>("18446744073709551616"), std::nullopt);
  EXPECT_EQ(ParseDecimal<uint32_t>("4294967296"), std::nullopt);
  EXPECT_EQ(ParseDecimal<int64_t>("-1"), std::nullopt);
  for (const char* text : {"", " 1", "1 ", "+1", "1.0", "0x1", "1e3"}) {
    EXPECT_EQ(ParseDecimal<uint32_t>(text), std::nullopt) << text;
  }
}

TEST(UnknownNotifications, Names_AreCountedWithTheFirstSample) {
  UnknownNotifications tally;
  EXPECT_TRUE(tally.Record({"NEWS", "x"}));
  EXPECT_FALSE(tally.Record({"NEWS", "x,x"}));
  EXPECT_EQ(tally.entries().at("NEWS").count, 2U);
  EXPECT_EQ(tally.entries().at("NEWS").sample, "x");
}

TEST(UnknownNotifications, TooManyNames_AreCountedTogether) {
  UnknownNotifications tally;
  for (size_t i = 0; i < UnknownNotifications::kMaxNames + 10; ++i) {
    tally.Record({absl::StrCat("NAME-", i), ""});
  }
  EXPECT_EQ(tally.entries().size(), UnknownNotifications::kMaxNames);
  EXPECT_EQ(tally.other_count(), 10U);
}

}  // namespace
}  // namespace ovpnbroker::ovpn
