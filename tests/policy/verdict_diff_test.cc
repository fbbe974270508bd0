#include "policy/verdict_diff.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ovpnbroker::policy {
namespace {

using ovpn::Allow;
using ovpn::Deny;
using testing::ElementsAre;
using testing::IsEmpty;

Allow AllowWithRoutes(const std::vector<std::string>& routes) {
  Allow allow;
  for (const std::string& route : routes) {
    allow.config.routes.push_back({ovpn::IpPrefix::Parse(route).value(), {}, {}});
  }
  return allow;
}

TEST(VerdictDiff, Equal_IsEmpty) {
  EXPECT_THAT(DiffVerdicts(AllowWithRoutes({"10.1.0.0/16"}), AllowWithRoutes({"10.1.0.0/16"})),
              IsEmpty());
}

TEST(VerdictDiff, ListElements_AreNamedByTheirPath) {
  EXPECT_THAT(DiffVerdicts(AllowWithRoutes({"10.1.0.0/16", "10.2.0.0/16"}),
                           AllowWithRoutes({"10.1.0.0/16", "10.3.0.0/16", "10.4.0.0/16"})),
              ElementsAre(FieldDifference{"allow.config.routes[1]", "10.2.0.0/16", "10.3.0.0/16"},
                          FieldDifference{"allow.config.routes[2]", "", "10.4.0.0/16"}));
}

TEST(VerdictDiff, DenyReasonsAndCode_AreCompared) {
  EXPECT_THAT(DiffVerdicts(Deny{"a", "x", "A"}, Deny{"b", "x", "B"}),
              ElementsAre(FieldDifference{"deny.reason", "a", "b"},
                          FieldDifference{"deny.code", "A", "B"}));
}

TEST(VerdictDiff, Limits_AreCompared) {
  Allow limited;
  limited.limits.max_sessions = 2;
  EXPECT_THAT(DiffVerdicts(Allow{}, limited),
              ElementsAre(FieldDifference{"allow.limits.max_sessions", "", "2"},
                          FieldDifference{"allow.limits.excess", "", "DENY_NEW"}));
}

TEST(VerdictDiff, TextThatMayBeSecret_IsComparedAndNotShown) {
  Allow one;
  one.config.push_options = {"auth-token hunter2"};
  Allow other;
  other.config.push_options = {"auth-token hunter3"};
  EXPECT_THAT(DiffVerdicts(one, other),
              ElementsAre(FieldDifference{"allow.config.push_options[0]", "auth-token [hidden]",
                                          "auth-token [hidden]"}));
}

TEST(VerdictDiff, ManyDifferences_AreCutAndCounted) {
  Allow many;
  for (int i = 0; i < 40; ++i) many.config.search_domains.push_back("example.com");
  const std::vector<FieldDifference> differences = DiffVerdicts(Allow{}, many);
  ASSERT_EQ(differences.size(), kMaxFieldDifferences + 1);
  EXPECT_EQ(differences.back().enforced, "8 more fields");
}

}  // namespace
}  // namespace ovpnbroker::policy
