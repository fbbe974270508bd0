// Errors of a rules file: each with its place and what to do, all at once.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "policy/rules/rule_parser.h"
#include "tests/support/temp_dir.h"

namespace ovpnbroker::policy {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// The lines of the status for `text` in a file named "r.yaml".
std::vector<std::string> ErrorsOf(absl::string_view text) {
  const auto rules = ParseRules(text, "r.yaml");
  if (rules.ok()) return {};
  return absl::StrSplit(rules.status().message(), '\n');
}

TEST(RuleErrors, UnknownKey_NamesThePlaceAndTheNearestName) {
  EXPECT_THAT(ErrorsOf("rules:\n"
                       "  - allow:\n"
                       "      pus_options: [x]\n"),
              ElementsAre("r.yaml:3:7: rules[0].allow: unknown key 'pus_options'; "
                          "did you mean 'push_options'?"));
}

TEST(RuleErrors, SeveralErrors_AreAllToldInOrder) {
  EXPECT_THAT(
      ErrorsOf("rules:\n"
               "  - name: a\n"
               "    match:\n"
               "      real_address: [10.0.0.1/8]\n"
               "      comon_name: x\n"
               "    allow: {}\n"
               "  - name: a\n"
               "    deny: {}\n"
               "    allow: {}\n"),
      ElementsAre("r.yaml:4:22: rules[0].match.real_address[0]: host bits are set beyond /8",
                  "r.yaml:5:7: rules[0].match: unknown key 'comon_name'; "
                  "did you mean 'common_name'?",
                  "r.yaml:7:5: rules[1]: a rule needs exactly one of 'allow' and 'deny'",
                  "r.yaml:7:5: rules[1]: another rule is named 'a' already"));
}

struct ErrorCase {
  const char* what;
  const char* text;
  const char* error;
};

class RuleErrorTest : public testing::TestWithParam<ErrorCase> {};

TEST_P(RuleErrorTest, BadText_IsRefusedWithItsPlace) {
  EXPECT_THAT(ErrorsOf(GetParam().text), ElementsAre(GetParam().error)) << GetParam().what;
}

INSTANTIATE_TEST_SUITE_P(
    Structure, RuleErrorTest,
    testing::Values(
        ErrorCase{"empty", "", "r.yaml: expected a mapping, found nothing"},
        ErrorCase{"list on top", "- a", "r.yaml:1:1: expected a mapping, found a list"},
        ErrorCase{"no rules", "{}", "r.yaml:1:1: 'rules' is missing"},
        ErrorCase{"typo on top", "rule: []\nrules: []",
                  "r.yaml:1:1: unknown key 'rule'; did you mean 'rules'?"},
        ErrorCase{"null rules", "rules:", "r.yaml:1:1: rules: expected a list, found nothing"},
        ErrorCase{"map as rules", "rules: {}",
                  "r.yaml:1:8: rules: expected a list, found a mapping"},
        ErrorCase{"scalar rule", "rules: [x]",
                  "r.yaml:1:9: rules[0]: expected a mapping, found a single value"},
        ErrorCase{"no effect", "rules:\n- name: x",
                  "r.yaml:2:3: rules[0]: a rule needs exactly one of 'allow' and 'deny'"},
        ErrorCase{"duplicate key", "rules:\n- allow: {}\n  match: {}\n  match: {}",
                  "r.yaml:4:3: rules[0]: duplicate key 'match'"},
        ErrorCase{"list as key", "rules: []\n? [a]\n: b",
                  "r.yaml:2:3: expected a name as key, found a list"},
        ErrorCase{"alias", "rules:\n- &a {allow: {}}\n- *a",
                  "r.yaml:3:3: aliases are not supported"},
        ErrorCase{"two documents", "rules: []\n---\nrules: []", "r.yaml: more than one document"},
        ErrorCase{"empty name", "rules: [{name: '', allow: {}}]",
                  "r.yaml:1:16: rules[0].name: the name is empty"}));

INSTANTIATE_TEST_SUITE_P(
    Match, RuleErrorTest,
    testing::Values(
        ErrorCase{"empty list", "rules: [{match: {username: []}, allow: {}}]",
                  "r.yaml:1:28: rules[0].match.username: the list is empty; leave the key out "
                  "instead"},
        ErrorCase{"map as glob", "rules: [{match: {username: {}}, allow: {}}]",
                  "r.yaml:1:28: rules[0].match.username: expected a value or a list of values, "
                  "found a mapping"},
        ErrorCase{"list in list", "rules: [{match: {username: [[a]]}, allow: {}}]",
                  "r.yaml:1:29: rules[0].match.username[0]: expected text, found a list"},
        ErrorCase{"glob", "rules: [{match: {username: 'a\\'}, allow: {}}]",
                  "r.yaml:1:28: rules[0].match.username: a pattern cannot end with a single '\\'"},
        ErrorCase{"bool", "rules: [{match: {username_matches_common_name: yes}, allow: {}}]",
                  "r.yaml:1:48: rules[0].match.username_matches_common_name: expected true or "
                  "false"}));

INSTANTIATE_TEST_SUITE_P(
    Effect, RuleErrorTest,
    testing::Values(
        ErrorCase{"control character", "rules: [{deny: {client_reason: \"a\\nb\"}}]",
                  "r.yaml:1:32: rules[0].deny.client_reason: control characters are not allowed"},
        ErrorCase{"address", "rules: [{allow: {dns: [10.8.0.256]}}]",
                  "r.yaml:1:24: rules[0].allow.dns[0]: not an IPv4 or IPv6 address"},
        ErrorCase{"IPv6 for IPv4",
                  "rules: [{allow: {ifconfig_push: {local: '::1', netmask: 255.0.0.0}}}]",
                  "r.yaml:1:41: rules[0].allow.ifconfig_push.local: expected an IPv4 address"},
        ErrorCase{"no local", "rules: [{allow: {ifconfig_push: {netmask: 255.0.0.0}}}]",
                  "r.yaml:1:33: rules[0].allow.ifconfig_push: 'local' is missing"},
        ErrorCase{"no netmask", "rules: [{allow: {ifconfig_push: {local: 10.0.0.1}}}]",
                  "r.yaml:1:33: rules[0].allow.ifconfig_push: needs exactly one of 'netmask' "
                  "(topology subnet) and 'remote' (net30, p2p)"},
        ErrorCase{"IPv6 length", "rules: [{allow: {ifconfig_ipv6_push: 'fd00::2/125'}}]",
                  "r.yaml:1:38: rules[0].allow.ifconfig_ipv6_push: expected an IPv6 address and a "
                  "prefix length from 0 to 124, as in 'fd00::2/64'"},
        ErrorCase{"metric",
                  "rules: [{allow: {routes: [{destination: 10.0.0.0/8, metric: 10000}]}}]",
                  "r.yaml:1:61: rules[0].allow.routes[0].metric: expected a number from 0 to 9999"},
        ErrorCase{"families",
                  "rules: [{allow: {routes: [{destination: 10.0.0.0/8, gateway: '::1'}]}}]",
                  "r.yaml:1:27: rules[0].allow.routes[0]: 'gateway' and 'destination' are of "
                  "different address families"},
        ErrorCase{"no destination", "rules: [{allow: {routes: [{gateway: '::1'}]}}]",
                  "r.yaml:1:27: rules[0].allow.routes[0]: 'destination' is missing"},
        ErrorCase{"flag", "rules: [{allow: {redirect_gateway: [def2]}}]",
                  "r.yaml:1:37: rules[0].allow.redirect_gateway[0]: unknown flag 'def2'; did you "
                  "mean 'def1'?"},
        ErrorCase{"scalar as list", "rules: [{allow: {push_options: x}}]",
                  "r.yaml:1:32: rules[0].allow.push_options: expected a list, found a single "
                  "value"},
        ErrorCase{"null allow", "rules: [{allow: ~}]",
                  "r.yaml:1:17: rules[0].allow: expected a mapping, found nothing"}));

TEST(RuleErrors, BrokenYaml_NamesTheLine) {
  EXPECT_THAT(ErrorsOf("rules:\n  - allow: {\n"), ElementsAre(HasSubstr("r.yaml:3:1: ")));
}

TEST(RuleErrors, Limits_AreEnforced) {
  EXPECT_THAT(ErrorsOf(std::string(kMaxRulesFileBytes + 1, ' ')),
              ElementsAre(HasSubstr("the file is larger than")));
  EXPECT_THAT(ErrorsOf(std::string(2'000, '[')), ElementsAre(HasSubstr("nested too deep")));
  EXPECT_THAT(ErrorsOf(absl::StrCat("rules: [{name: ", std::string(kMaxValueBytes + 1, 'x'),
                                    ", deny: {reason: ", std::string(kMaxValueBytes, 'x'), "}}]")),
              ElementsAre(HasSubstr("rules[0].name: longer than"), HasSubstr("the name is empty")));

  std::string many_rules = "rules:\n";
  for (size_t i = 0; i <= kMaxRules; ++i) many_rules += "- {}\n";
  EXPECT_THAT(ErrorsOf(many_rules), ElementsAre(HasSubstr("more than 10000 items")));
}

TEST(RuleErrors, VeryManyErrors_AreCounted) {
  std::string text = "rules:\n";
  for (size_t i = 0; i < kMaxRuleErrors + 7; ++i) text += "- {}\n";
  const std::vector<std::string> errors = ErrorsOf(text);
  ASSERT_EQ(errors.size(), kMaxRuleErrors + 1);
  EXPECT_EQ(errors.back(), "r.yaml: and 7 more errors");
}

TEST(RuleErrors, Structured_CarryLineColumnAndPath) {
  const RuleParseResult result = ParseRules("rules: [3]");
  EXPECT_EQ(result.rules, nullptr);
  EXPECT_THAT(result.errors,
              ElementsAre(RuleError{1, 9, "rules[0]", "expected a mapping, found a single value"}));
}

TEST(LoadRules, FileThatIsNotThere_IsNotFound) {
  const test::TempDir directory;
  const auto rules = LoadRules(directory.path() + "/missing.yaml");
  EXPECT_EQ(rules.status().code(), absl::StatusCode::kNotFound) << rules.status();
}

}  // namespace
}  // namespace ovpnbroker::policy
