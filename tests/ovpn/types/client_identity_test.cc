#include "ovpn/types/client_identity.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace ovpnbroker::ovpn {
namespace {

ClientIdentity Identity(const std::vector<std::pair<std::string, std::string>>& entries) {
  Environment::Builder builder;
  for (const auto& [name, value] : entries) builder.Add(name, value);
  return ClientIdentity::FromEnvironment(builder.Build());
}

TEST(ClientIdentity, FullEnvironment_FillsEveryField) {
  const ClientIdentity identity = Identity({{"common_name", "alice"},
                                            {"username", "alice@example.com"},
                                            {"untrusted_ip", "192.0.2.7"},
                                            {"untrusted_port", "50123"},
                                            {"IV_PLAT", "linux"},
                                            {"IV_VER", "2.6.14"},
                                            {"IV_PROTO", "990"},
                                            {"tls_serial_hex_0", "7f:3a"},
                                            {"tls_digest_sha256_0", "aa:bb"},
                                            {"tls_digest_sha256_1", "the CA's"}});
  EXPECT_EQ(identity.common_name, "alice");
  EXPECT_EQ(identity.username, "alice@example.com");
  EXPECT_EQ(identity.real_address, "192.0.2.7:50123");
  EXPECT_EQ(identity.platform, "linux");
  EXPECT_EQ(identity.client_version, "2.6.14");
  EXPECT_EQ(identity.certificate_serial, "7f:3a");
  EXPECT_EQ(identity.certificate_sha256, "aa:bb");
  EXPECT_EQ(identity.iv_proto, 990U);
  EXPECT_TRUE(identity.SupportsAuthPending());
}

TEST(ClientIdentity, NameTwice_TheFirstCounts) {
  const ClientIdentity identity = Identity({{"username", ""},
                                            {"username", "mallory"},
                                            {"untrusted_ip", "192.0.2.7"},
                                            {"untrusted_ip", "192.0.2.8"},
                                            {"IV_SSO", "webauth"},
                                            {"IV_SSO", "crtext"}});
  EXPECT_EQ(identity.username, "") << "an empty value is a value";
  EXPECT_EQ(identity.real_address, "192.0.2.7:");
  EXPECT_EQ(identity.sso_methods, "webauth");
}

TEST(ClientIdentity, NamesOfTheSameLength_AreNotMistaken) {
  const ClientIdentity identity = Identity({{"IV_NCP", "2"},
                                            {"IV_PLAS", "x"},
                                            {"usernamd", "x"},
                                            {"common_namf", "x"},
                                            {"untrusted_iq", "x"},
                                            {"tls_serial_hex_1", "x"},
                                            {"tls_digest_sha256_1", "x"}});
  EXPECT_EQ(identity.client_version + identity.sso_methods + identity.platform + identity.username +
                identity.common_name + identity.real_address + identity.certificate_serial +
                identity.certificate_sha256,
            "");
}

TEST(ClientIdentity, EmptyEnvironment_IsEmpty) {
  const ClientIdentity identity = Identity({});
  EXPECT_EQ(identity.common_name, "");
  EXPECT_EQ(identity.real_address, "");
  EXPECT_EQ(identity.iv_proto, 0U);
  EXPECT_FALSE(identity.SupportsAuthPending());
}

TEST(ClientIdentity, Ipv6Peer_IsInBrackets) {
  EXPECT_EQ(Identity({{"untrusted_ip6", "2001:db8::7"}, {"untrusted_port", "1194"}}).real_address,
            "[2001:db8::7]:1194");
}

TEST(ClientIdentity, IvProtoIsNoNumber_IsZero) {
  // The client sends it, so it may be anything.
  for (const char* text : {"", "abc", "16abc", "-16", "99999999999999999999", "0x10"}) {
    EXPECT_EQ(Identity({{"IV_PROTO", text}}).iv_proto, 0U) << text;
  }
}

TEST(ClientIdentity, OtherIvProtoBits_DoNotSupportAuthPending) {
  EXPECT_FALSE(Identity({{"IV_PROTO", "2"}}).SupportsAuthPending());
  EXPECT_FALSE(Identity({{"IV_PROTO", "4294967279"}}).SupportsAuthPending());
}

}  // namespace
}  // namespace ovpnbroker::ovpn
