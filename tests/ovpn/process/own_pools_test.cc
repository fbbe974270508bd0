#include "ovpn/process/own_pools.h"

#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/temp_dir.h"

namespace ovpnbroker::ovpn {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// "LINE DIRECTIVE FIRST-LAST" of each pool.
std::vector<std::string> Pools(const std::string& config) {
  const test::TempDir files;
  std::ofstream(files.File("office.conf")) << config;
  std::vector<std::string> shown;
  for (const OwnPool& pool :
       FindOwnPools(ReadOpenvpnConfig(files.File("office.conf"), files.path()))) {
    shown.push_back(absl::StrCat(pool.line, " ", pool.directive, " ", pool.first.ToString(), "-",
                                 pool.last.ToString()));
  }
  return shown;
}

TEST(OwnPools, ServerInSubnetTopology_LeavesOutItsOwnAddress) {
  EXPECT_THAT(Pools("dev tun\ntopology subnet\nserver 10.8.0.0 255.255.255.0\n"),
              ElementsAre("3 server 10.8.0.2-10.8.0.254"));
}

TEST(OwnPools, ServerInNet30_LeavesOutWholeBlocks) {
  EXPECT_THAT(Pools("dev tun\nserver 10.8.0.0 255.255.255.0\n"),
              ElementsAre("2 server 10.8.0.4-10.8.0.251"));
}

TEST(OwnPools, TapServer_CountsAsSubnet) {
  EXPECT_THAT(Pools("dev tap0\nserver 10.8.0.0 255.255.255.0\n"),
              ElementsAre("2 server 10.8.0.2-10.8.0.254"));
}

TEST(OwnPools, Nopool_HasNone) {
  EXPECT_THAT(Pools("topology subnet\nserver 10.8.0.0 255.255.255.0 nopool\n"), IsEmpty());
}

TEST(OwnPools, IfconfigPool_IsTakenAsWritten) {
  EXPECT_THAT(Pools("mode server\nifconfig-pool 10.9.0.10 10.9.0.20\n"),
              ElementsAre("2 ifconfig-pool 10.9.0.10-10.9.0.20"));
}

TEST(OwnPools, Ipv6_IsAsLargeAsIpv4) {
  EXPECT_THAT(
      Pools("topology subnet\nserver-ipv6 fd00:8::/64\nserver 10.8.0.0 255.255.255.0\n"),
      ElementsAre("3 server 10.8.0.2-10.8.0.254", "2 server-ipv6 fd00:8::1000-fd00:8::10fc"));
  EXPECT_THAT(Pools("ifconfig-ipv6-pool fd00:8::2000/64\n"),
              ElementsAre("1 ifconfig-ipv6-pool fd00:8::2000-fd00:8::1:1fff"));
}

TEST(OwnPools, WhatCannotBeRead_IsPassedOver) {
  EXPECT_THAT(Pools("server here there\nserver\nifconfig-pool 10.9.0.10\nserver-ipv6 x\n"),
              IsEmpty());
}

}  // namespace
}  // namespace ovpnbroker::ovpn
