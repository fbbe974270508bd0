#include "server/config/san_pattern.h"

#include <gtest/gtest.h>

#include "tests/support/status_matchers.h"

namespace ovpnbroker::server {
namespace {

using Type = SanPattern::Type;

bool Matches(absl::string_view pattern, Type type, absl::string_view name) {
  return SanPattern::Parse(pattern).value().Matches(type, name);
}

TEST(SanPattern, Uri_IsExactOrAPrefixUpToASlash) {
  EXPECT_TRUE(Matches("uri:spiffe://corp/ops/al", Type::kUri, "spiffe://corp/ops/al"));
  EXPECT_FALSE(Matches("uri:spiffe://corp/ops/al", Type::kUri, "spiffe://corp/ops/alice"));
  EXPECT_FALSE(Matches("uri:spiffe://corp/ops/al", Type::kUri, "SPIFFE://corp/ops/al"));
  EXPECT_TRUE(Matches("uri:spiffe://corp/ops/*", Type::kUri, "spiffe://corp/ops/x/y"));
  EXPECT_FALSE(Matches("uri:spiffe://corp/ops/*", Type::kUri, "spiffe://corp/ops/"));
  EXPECT_FALSE(Matches("uri:spiffe://corp/ops/*", Type::kUri, "spiffe://corp/ops-intern/x"));
}

TEST(SanPattern, OtherType_NeverMatches) {
  EXPECT_FALSE(Matches("uri:ops.example.net", Type::kDns, "ops.example.net"));
  EXPECT_FALSE(Matches("dns:ops.example.net", Type::kUri, "ops.example.net"));
}

TEST(SanPattern, Dns_IgnoresLetterCase) {
  EXPECT_TRUE(Matches("dns:Ops.example.net", Type::kDns, "ops.EXAMPLE.net"));
  EXPECT_FALSE(Matches("dns:ops.example.net", Type::kDns, "x.ops.example.net"));
}

TEST(SanPattern, Malformed_IsRefused) {
  for (const char* text : {"", "spiffe://corp/ops", "cn:alice", "uri:", "dns:", "dns:*", "dns:a/*",
                           "uri:*", "uri:a*", "uri:a/*/b", "uri:a*/*"}) {
    EXPECT_THAT(SanPattern::Parse(text), test::StatusIs(absl::StatusCode::kInvalidArgument))
        << text;
  }
}

}  // namespace
}  // namespace ovpnbroker::server
