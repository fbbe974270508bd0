// Which rule decides: conditions, lists and order.
#include <gtest/gtest.h>

#include "policy/rules/rule_parser.h"
#include "tests/support/auth_request_builder.h"

namespace ovpnbroker::policy {
namespace {

// A client with everything that a rule can ask for.
ovpn::ClientIdentity Alice() {
  ovpn::ClientIdentity identity;
  identity.common_name = "alice";
  identity.username = "alice";
  identity.real_address = "192.0.2.7:50123";
  identity.platform = "linux";
  return identity;
}

// True when a rule with this `match:` (flow style) matches.
bool Matches(const std::string& match, const ovpn::ClientIdentity& identity,
             const std::string& instance = "office") {
  const auto rules = ParseRules("rules: [{match: " + match + ", allow: {}}]", "test.yaml");
  EXPECT_TRUE(rules.ok()) << rules.status();
  if (!rules.ok()) return false;
  return (*rules)->Match(test::MakeAuthRequest(test::Key(1, 1, instance), ovpn::AuthKind::kConnect,
                                               identity)) != nullptr;
}

TEST(RuleSet, EachCondition_LooksAtItsOwnField) {
  for (const char* match : {"{common_name: ali*}", "{username: alice}",
                            "{real_address: 192.0.2.0/24}", "{platform: linux}",
                            "{instance: 'off?ce'}", "{username_matches_common_name: true}", "{}"}) {
    EXPECT_TRUE(Matches(match, Alice())) << match;
  }
  for (const char* match : {"{common_name: bob}", "{username: Alice}", "{real_address: 10.0.0.0/8}",
                            "{platform: win}", "{instance: home}"}) {
    EXPECT_FALSE(Matches(match, Alice())) << match;
  }
}

TEST(RuleSet, List_IsAnyOfItsItems) {
  EXPECT_TRUE(Matches("{common_name: [bob, al*]}", Alice()));
  EXPECT_FALSE(Matches("{common_name: [bob, carol]}", Alice()));
}

TEST(RuleSet, SeveralConditions_MustAllHold) {
  EXPECT_TRUE(Matches("{common_name: alice, platform: linux}", Alice()));
  EXPECT_FALSE(Matches("{common_name: alice, platform: win}", Alice()));
}

TEST(RuleSet, RealAddress_IsReadWithoutItsPort) {
  ovpn::ClientIdentity identity;
  identity.real_address = "[2001:db8::7]:50123";
  EXPECT_TRUE(Matches("{real_address: '2001:db8::/32'}", identity));
  EXPECT_FALSE(Matches("{real_address: 0.0.0.0/0}", identity));
  for (const char* unreadable : {"", "192.0.2.7", "[2001:db8::7]", "unknown:1", ":", "[]:1"}) {
    identity.real_address = unreadable;
    EXPECT_FALSE(Matches("{real_address: [0.0.0.0/0, '::/0']}", identity)) << unreadable;
  }
}

TEST(RuleSet, UsernameMatchesCommonName_NeedsBoth) {
  ovpn::ClientIdentity identity = Alice();
  identity.username = "bob";
  EXPECT_FALSE(Matches("{username_matches_common_name: true}", identity));
  EXPECT_TRUE(Matches("{username_matches_common_name: false}", identity));
  identity.username = identity.common_name = "";
  EXPECT_FALSE(Matches("{username_matches_common_name: true}", identity));
}

TEST(RuleSet, SeveralRulesMatch_TheFirstDecides) {
  const auto rules = ParseRules(
      "rules:\n"
      "- {name: no, match: {platform: win}, allow: {}}\n"
      "- {match: {common_name: a*}, deny: {}}\n"
      "- {name: late, allow: {}}\n",
      "test.yaml");
  ASSERT_TRUE(rules.ok()) << rules.status();
  const Rule* const rule =
      (*rules)->Match(test::MakeAuthRequest(test::Key(1, 1), ovpn::AuthKind::kConnect, Alice()));
  ASSERT_NE(rule, nullptr);
  EXPECT_EQ(rule->name, "rules[1]");
  EXPECT_EQ(std::get<ovpn::Deny>(rule->effect).reason, "denied by rule 'rules[1]'");
}

}  // namespace
}  // namespace ovpnbroker::policy
