// Conditions beyond names and addresses: certificates, X.509 fields, versions, hours, groups; and
// the effects pool, limits and retry.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "policy/rules/rule_parser.h"
#include "policy/rules/time_window.h"
#include "tests/support/auth_request_builder.h"
#include "tests/support/temp_dir.h"

namespace ovpnbroker::policy {
namespace {

using testing::HasSubstr;

ovpn::AuthRequest Client(const std::string& moment = "2026-11-24T22:00") {
  ovpn::ClientIdentity identity;
  identity.common_name = "alice";
  identity.username = "bob";
  identity.client_version = "2.6.14";
  identity.certificate_serial = "4f:0a:11";
  identity.certificate_sha256 = std::string(64, 'a');
  ovpn::AuthRequest request =
      test::MakeAuthRequest(test::Key(1, 1), ovpn::AuthKind::kConnect, identity);
  ovpn::Environment::Builder environment;
  environment.Add("X509_0_OU", "ops-berlin");
  environment.Add("X509_1_CN", "Root");
  request.environment = std::make_shared<const ovpn::Environment>(environment.Build());
  request.receive_time = ParseMoment(moment).value();
  return request;
}

bool Matches(const std::string& match, const ovpn::AuthRequest& request) {
  const auto rules = ParseRules(
      "groups: {admins: [alice, carol], users: [bob]}\nrules: [{match: " + match + ", allow: {}}]",
      "r.yaml");
  EXPECT_TRUE(rules.ok()) << rules.status();
  return rules.ok() && (*rules)->Match(request) != nullptr;
}

TEST(RuleConditions, EachCondition_LooksAtItsOwnField) {
  for (const char* match :
       {"{certificate_serial: '4F0A11'}", "{certificate_serial: ['01', '4f:0a:11']}",
        "{x509: {OU: 'ops-*'}}", "{x509: {X509_0_OU: [x, 'ops-*'], X509_1_CN: Root}}",
        "{group: admins}", "{username_group: [admins, users]}"}) {
    EXPECT_TRUE(Matches(match, Client())) << match;
  }
  for (const char* match :
       {"{certificate_serial: '4f0a12'}", "{x509: {OU: dev}}", "{x509: {OU: 'ops-*', O: '*'}}",
        "{group: users}", "{username_group: admins}"}) {
    EXPECT_FALSE(Matches(match, Client())) << match;
  }
  EXPECT_TRUE(Matches("{certificate_sha256: '" + std::string(64, 'A') + "'}", Client()));
  EXPECT_FALSE(Matches("{certificate_sha256: '" + std::string(64, 'b') + "'}", Client()));
}

TEST(RuleConditions, ClientVersion_ComparesTheNumbersThatAreWritten) {
  for (const char* version :
       {">= 2.6", "= 2.6", "2.6.14", "<= 2.6", "> 2.5.99", "< 3", ">=2.5, <2.7", "!= 2.5"}) {
    EXPECT_TRUE(Matches("{client_version: '" + std::string(version) + "'}", Client())) << version;
  }
  for (const char* version : {"> 2.6", ">= 2.6.15", "2.5", "< 2.6", ">= 2.5, < 2.6"}) {
    EXPECT_FALSE(Matches("{client_version: '" + std::string(version) + "'}", Client())) << version;
  }
  ovpn::AuthRequest unknown = Client();
  ovpn::ClientIdentity identity = *unknown.session.identity;
  identity.client_version = "";
  unknown.session.identity = std::move(identity);
  EXPECT_FALSE(Matches("{client_version: '!= 2.5'}", unknown));
}

// 2026-11-24 is a Tuesday.
TEST(RuleConditions, NightWindow_BelongsToTheDayItBeginsOn) {
  const std::string night = "{time: {days: mon-tue, hours: '22:00-06:00'}}";
  EXPECT_TRUE(Matches(night, Client("2026-11-24T22:00")));
  EXPECT_TRUE(Matches(night, Client("2026-11-25T05:59")));
  EXPECT_FALSE(Matches(night, Client("2026-11-25T06:00")));
  EXPECT_FALSE(Matches(night, Client("2026-11-24T21:59")));
  EXPECT_FALSE(Matches(night, Client("2026-11-25T22:00")));
  EXPECT_FALSE(Matches(night, Client("2026-11-23T05:00")));  // Sunday's night
  EXPECT_TRUE(Matches("{time: {days: [sat-mon, tue]}}", Client()));
}

TEST(RuleConditions, Zone_FollowsDaylightSaving) {
  const std::string day = "{time: {hours: '08:00-09:00', zone: Europe/Berlin}}";
  EXPECT_TRUE(Matches(day, Client("2026-01-15T07:30")));  // UTC+1
  EXPECT_FALSE(Matches(day, Client("2026-01-15T06:30")));
  EXPECT_TRUE(Matches(day, Client("2026-07-15T06:30")));  // UTC+2
  EXPECT_FALSE(Matches(day, Client("2026-07-15T07:30")));
  const std::string list = "{time: [{hours: '01:00-02:00'}, {hours: '22:00-24:00'}]}";
  EXPECT_TRUE(Matches(list, Client("2026-11-24T23:59")));
  EXPECT_FALSE(Matches(list, Client("2026-11-25T00:00")));
}

TEST(RuleConditions, FirstFailedCondition_NamesTheKey) {
  const auto rules = ParseRules(
      "rules: [{match: {common_name: alice, x509: {OU: dev}}, allow: {}}, {allow: {}}]", "r.yaml");
  ASSERT_TRUE(rules.ok()) << rules.status();
  EXPECT_EQ((*rules)->FirstFailedCondition((*rules)->rules()[0], Client()), "x509.X509_0_OU");
  EXPECT_EQ((*rules)->FirstFailedCondition((*rules)->rules()[1], Client()), "");
}

TEST(RuleConditions, GroupFile_IsReadBesideTheRulesAndCountsInTheRevision) {
  const test::TempDir folder;
  std::ofstream(folder.File("admins.txt")) << "# the admins\n\n  alice  \ncarol\n";
  std::ofstream(folder.File("rules.yaml"))
      << "rules: [{match: {group: admins}, allow: {}}]\ngroups: {admins: admins.txt}\n";
  const auto before = LoadRules(folder.File("rules.yaml"));
  ASSERT_TRUE(before.ok()) << before.status();
  EXPECT_NE((*before)->Match(Client()), nullptr);
  std::ofstream(folder.File("admins.txt")) << "carol\n";
  const auto after = LoadRules(folder.File("rules.yaml"));
  ASSERT_TRUE(after.ok()) << after.status();
  EXPECT_EQ((*after)->Match(Client()), nullptr);
  EXPECT_NE((*before)->revision(), (*after)->revision());
}

TEST(RuleConditions, BadGroupFile_IsToldWithItsOwnPlace) {
  const test::TempDir folder;
  std::ofstream(folder.File("admins.txt")) << "alice\nbo\x01b\n";
  std::ofstream(folder.File("rules.yaml")) << "rules: [{match: {group: admin}, allow: {}}]\n"
                                              "groups: {admins: admins.txt, gone: gone.txt}\n";
  const auto rules = LoadRules(folder.File("rules.yaml"));
  ASSERT_FALSE(rules.ok());
  EXPECT_THAT(std::string(rules.status().message()),
              testing::AllOf(HasSubstr("admins.txt:2:1: groups.admins: control characters"),
                             HasSubstr("rules.yaml:2:36: groups.gone: "),
                             HasSubstr("there is no group 'admin' in 'groups'; "
                                       "did you mean 'admins'?")));
}

TEST(RuleEffects, PoolAndLimits_AreInTheAllow) {
  RuleReferences references;
  references.pools = {"staff"};
  const auto rules = ParseRules(
      "rules: [{allow: {pool: staff, max_duration: 8h, max_sessions: 2, "
      "when_exceeded: end-oldest}}]",
      "r.yaml", references);
  ASSERT_TRUE(rules.ok()) << rules.status();
  const auto& allow = std::get<ovpn::Allow>((*rules)->rules()[0].effect);
  EXPECT_EQ(allow.config.address_pool, "staff");
  EXPECT_EQ(allow.limits.max_duration, std::chrono::hours(8));
  EXPECT_EQ(allow.limits.max_sessions, 2U);
  EXPECT_EQ(allow.limits.excess, ovpn::SessionLimits::Excess::kEndOldest);
}

TEST(RuleEffects, DenyWithRetry_CarriesTheHint) {
  const auto rules = ParseRules(
      "rules: [{deny: {retry: {backoff: 1m, advance: true}}}, {deny: {retry: 30s}}]", "r.yaml");
  ASSERT_TRUE(rules.ok()) << rules.status();
  EXPECT_EQ(std::get<ovpn::Deny>((*rules)->rules()[0].effect).retry,
            (ovpn::RetryHint{std::chrono::seconds(60), true}));
  EXPECT_EQ(std::get<ovpn::Deny>((*rules)->rules()[1].effect).retry,
            (ovpn::RetryHint{std::chrono::seconds(30), false}));
}

TEST(RuleEffects, BadValues_AreAllToldWithTheirPlaces) {
  RuleReferences references;
  references.pools = {"staff"};
  const auto rules = ParseRules(
      "rules:\n"
      "- allow: {pool: staf}\n"
      "- allow: {max_duration: 100ms}\n"
      "- allow: {when_exceeded: deny-new}\n"
      "- {match: {time: {zone: Mars/Base, days: moon, hours: '8-9'}}, allow: {}}\n"
      "- {match: {client_version: new, certificate_sha256: ab}, allow: {}}\n",
      "r.yaml", references);
  ASSERT_FALSE(rules.ok());
  const std::string errors(rules.status().message());
  for (const char* error :
       {"r.yaml:2:17: rules[0].allow.pool: there is no address pool 'staf' in the broker's "
        "configuration; did you mean 'staff'?",
        "r.yaml:3:25: rules[1].allow.max_duration: expected whole seconds from 1s",
        "r.yaml:4:10: rules[2].allow: 'when_exceeded' says nothing without 'max_sessions'",
        "r.yaml:5:25: rules[3].match.time.zone: the system knows no time zone 'Mars/Base'",
        "rules[3].match.time.days: unknown day 'moon'", "rules[3].match.time.hours: expected two",
        "rules[4].match.client_version: expected comparisons",
        "rules[4].match.certificate_sha256: expected 64 hexadecimal digits"}) {
    EXPECT_THAT(errors, HasSubstr(error));
  }
}

}  // namespace
}  // namespace ovpnbroker::policy
