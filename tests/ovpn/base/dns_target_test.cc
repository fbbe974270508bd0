#include "ovpn/base/dns_target.h"

#include <gtest/gtest.h>

namespace ovpnbroker::ovpn {
namespace {

TEST(DnsTarget, NameAndPort_AreTakenApart) {
  const auto target = ParseDnsTarget("dns:policy.example.com:50051");
  ASSERT_TRUE(target.ok());
  EXPECT_EQ(target->name, "policy.example.com");
  EXPECT_EQ(target->port, "50051");
  for (const char* bad : {"", "dns:", "dns:name", "dns::1", "dns:name:0", "dns:name:65536",
                          "dns:name:x", "dns:na me:1", "policy:1", "dns:name:"}) {
    EXPECT_FALSE(ParseDnsTarget(bad).ok()) << bad;
  }
}

}  // namespace
}  // namespace ovpnbroker::ovpn
