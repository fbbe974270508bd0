// The YAML of cases: errors have places, values are compared by path.
#include "server/policy_check/cases.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/policy_check/report.h"

namespace ovpnbroker::policy_check {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr char kGood[] =
    "cases:\n"
    "  - name: alice gets in\n"
    "    client: {username: alice, environment: {IV_PLAT: linux}}\n"
    "    expect:\n"
    "      verdict: allow\n"
    "      fields:\n"
    "        allow.config.dns[0]: 10.8.0.1\n"
    "        allow.config.push_reset: true\n";

TEST(PolicyCases, WholeCase_IsRead) {
  const CaseFile file = ParseCases(kGood, "cases.yaml");
  EXPECT_THAT(file.errors, IsEmpty());
  ASSERT_EQ(file.cases.size(), 1u);
  const Case& one = file.cases[0];
  EXPECT_EQ(one.place, "cases.yaml:2:5");
  EXPECT_EQ(one.question.session().username(), "alice");
  EXPECT_EQ(one.question.environment().at("IV_PLAT"), "linux");
  EXPECT_EQ(one.verdict, "allow");
  EXPECT_EQ(one.fields.size(), 2u);
}

TEST(PolicyCases, UnknownWords_AreToldWithPlaceAndNearest) {
  const CaseFile file = ParseCases(
      "cases:\n"
      "  - name: x\n"
      "    client: {usrname: alice}\n"
      "    expect:\n"
      "      verdict: alow\n"
      "      fields:\n"
      "        allow.config.rutes[0].destination: x\n"
      "        allow.config.dns: y\n",
      "c.yaml");
  EXPECT_THAT(
      file.errors,
      ElementsAre(HasSubstr("c.yaml:3:14: 'usrname' is not one of"),
                  HasSubstr("did you mean 'allow'"), HasSubstr("did you mean 'routes'"),
                  HasSubstr("'dns' is a list; write NAME[INDEX]"), HasSubstr("has no 'expect")));
}

TEST(PolicyCases, NotYaml_IsToldWithPlace) {
  EXPECT_THAT(ParseCases("cases: [", "c.yaml").errors, ElementsAre(HasSubstr("c.yaml:")));
  EXPECT_THAT(ParseCases("", "c.yaml").errors, ElementsAre(HasSubstr("expected 'cases:'")));
}

TEST(PolicyCases, ValueAt_FollowsFieldsAndLists) {
  policy::v1::Decision decision;
  auto& config = *decision.mutable_allow()->mutable_config();
  config.add_dns("10.8.0.1");
  config.add_routes()->set_metric(7);
  config.set_push_reset(true);
  EXPECT_EQ(ValueAt(decision, "allow.config.dns[0]"), "10.8.0.1");
  EXPECT_EQ(ValueAt(decision, "allow.config.routes[0].metric"), "7");
  EXPECT_EQ(ValueAt(decision, "allow.config.push_reset"), "true");
  EXPECT_EQ(ValueAt(decision, "allow.config.dns[1]"), std::nullopt);
  EXPECT_EQ(ValueAt(decision, "deny.reason"), std::nullopt);
}

TEST(PolicyCheckReport, Junit_EscapesAndCounts) {
  const std::vector<Line> lines = {{"1 a", "", "", {}, {}},
                                   {"2 <b>", "", "", {Outcome::Kind::kFailed, "\"\x01&"}, {}},
                                   {"3 c", "", "", {Outcome::Kind::kSkipped, "off"}, {}}};
  const std::string xml = ToJunit(lines);
  EXPECT_THAT(xml, HasSubstr("tests=\"3\" failures=\"1\" skipped=\"1\""));
  EXPECT_THAT(xml, HasSubstr("name=\"2 &lt;b&gt;\""));
  EXPECT_THAT(xml, HasSubstr("<failure message=\"\\&quot;\\001&amp;\"/>"));
}

}  // namespace
}  // namespace ovpnbroker::policy_check
