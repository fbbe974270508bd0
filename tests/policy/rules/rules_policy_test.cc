#include "policy/rules/rules_policy.h"

#include <gtest/gtest.h>

#include "policy/rules/rule_parser.h"
#include "tests/support/auth_request_builder.h"

namespace ovpnbroker::policy {
namespace {

std::shared_ptr<const RuleSet> Rules(absl::string_view text) {
  auto rules = ParseRules(text, "test.yaml");
  EXPECT_TRUE(rules.ok()) << rules.status();
  return *std::move(rules);
}

PolicyReply AskOnce(RulesPolicy& policy) {
  const ovpn::DecisionId id = "d1";
  const ovpn::AuthRequest request = test::MakeAuthRequest(test::Key(1, 1));
  std::optional<PolicyReply> answer;
  policy.Ask({id, 1, request, std::chrono::seconds(5)},
             [&answer](PolicyReply reply) { answer = std::move(reply); });
  EXPECT_TRUE(answer.has_value()) << "rules answer from inside Ask";
  return *std::move(answer);
}

TEST(RulesPolicy, NoRuleMatches_Denies) {
  RulesPolicy policy("rules", Rules("rules: []"));
  const PolicyReply reply = AskOnce(policy);
  EXPECT_EQ(std::get<ovpn::Deny>(reply.verdict).code, "no_rule");
  EXPECT_TRUE(reply.audit_annotations.empty());
}

TEST(RulesPolicy, Reply_NamesRuleAndRevision) {
  RulesPolicy policy("rules", Rules("rules: [{name: everybody, allow: {}}]"));
  const PolicyReply reply = AskOnce(policy);
  EXPECT_EQ(reply.verdict, ovpn::Verdict(ovpn::Allow{}));
  EXPECT_EQ(reply.policy_revision, policy.rules().revision());
  EXPECT_EQ(reply.policy_revision.size(), 16U);
  ASSERT_EQ(reply.audit_annotations.size(), 1U);
  EXPECT_EQ(reply.audit_annotations[0],
            std::make_pair(std::string("rule"), std::string("everybody")));
  EXPECT_EQ(reply.password_access, PasswordAccess::kRules);
}

TEST(RulesPolicy, Replaced_JudgesByTheNewRules) {
  RulesPolicy policy("rules", Rules("rules: [{allow: {}}]"));
  const std::string before = policy.rules().revision();
  policy.Replace(Rules("rules: [{deny: {client_reason: closed, code: CLOSED}}]"));
  const PolicyReply reply = AskOnce(policy);
  EXPECT_EQ(std::get<ovpn::Deny>(reply.verdict).client_reason, "closed");
  EXPECT_EQ(std::get<ovpn::Deny>(reply.verdict).code, "CLOSED");
  EXPECT_NE(policy.rules().revision(), before);
}

TEST(RulesPolicy, Revision_DependsOnTheContentOnly) {
  EXPECT_EQ(Rules("rules: []")->revision(), Rules("rules: []")->revision());
  EXPECT_NE(Rules("rules: []")->revision(), Rules("rules: [] ")->revision());
}

}  // namespace
}  // namespace ovpnbroker::policy
