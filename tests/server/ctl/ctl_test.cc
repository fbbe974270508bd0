// The real ovpn-brokerctl against a fake broker on a real socket: what it prints and how it exits.
#include <gmock/gmock.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "server/config/config_loader.h"
#include "server/health/service_names.h"
#include "tests/server/admin_fixture.h"
#include "tests/support/auth_request_builder.h"
#include "tests/support/temp_dir.h"

namespace ovpnbroker::server {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

struct CtlRun {
  int exit_code = -1;
  std::string out;
  std::string error;
};

class Ctl : public testing::Test {
 protected:
  // Runs the CLI with shell-quoted `arguments`; no terminal.
  CtlRun RunCtl(const std::string& arguments, const std::string& socket) {
    const std::string error_file = dir_.File("stderr");
    const std::string command = absl::StrCat("OVPN_BROKER_SOCKET=", socket, " " OVPN_BROKERCTL " ",
                                             arguments, " </dev/null 2>", error_file);
    CtlRun run;
    FILE* pipe = popen(command.c_str(), "r");
    char buffer[4096];
    size_t size = 0;
    while ((size = fread(buffer, 1, sizeof(buffer), pipe)) > 0) run.out.append(buffer, size);
    run.exit_code = WEXITSTATUS(pclose(pipe));
    std::stringstream error;
    error << std::ifstream(error_file).rdbuf();
    run.error = error.str();
    return run;
  }

  CtlRun RunCtl(const std::string& arguments) { return RunCtl(arguments, fixture_.socket()); }

  // Each kill ends at once with `outcome`.
  void AnswerKills(KillOutcome outcome) {
    fixture_.OnLoop([this, outcome](FakeBrokerControl& broker) {
      broker.on_kill = [this, &broker, outcome] {
        asio::post(fixture_.loop(), [&broker, outcome] { broker.FinishKill(outcome); });
      };
    });
  }

  void AddSession(int number, const std::string& common_name, const std::string& username) {
    fixture_.OnLoop(
        [&](FakeBrokerControl& broker) { broker.AddSession(number, common_name, username); });
  }

  test::TempDir dir_;
  AdminFixture fixture_;
};

TEST_F(Ctl, Instances_TableIsAligned) {
  const CtlRun run = RunCtl("instances");
  EXPECT_EQ(run.exit_code, 0) << run.error;
  EXPECT_EQ(
      run.out,
      "INSTANCE  STATE    SINCE   PID  OPENVPN  RESTARTS  SESSIONS  PENDING  POLICY  DETAIL\n"
      "office    RUNNING      -  4711  2.6.14          0         0        0  staff   -\n"
      "home      FAILED       -     -  -               0         0        0  staff   5 deaths "
      "in 5m\n");
}

TEST_F(Ctl, Status_ShowsBrokerInstancesAndPolicies) {
  const CtlRun run = RunCtl("status");
  EXPECT_EQ(run.exit_code, 0) << run.error;
  EXPECT_THAT(run.out, AllOf(StartsWith("Broker      ovpn-brokerd 9.9.9, pid "),
                             HasSubstr("Instances   1 of 2 running\n"),
                             HasSubstr("3 allowed, 0 denied, 0 abstained, 2 failed (TIMEOUT 2)"),
                             HasSubstr("unix:/run/policy.sock")));
}

TEST_F(Ctl, StatusJson_IsOneObjectWithAllParts) {
  const CtlRun run = RunCtl("status -o json");
  google::protobuf::Struct parsed;
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(run.out, &parsed).ok()) << run.out;
  EXPECT_EQ(parsed.fields().at("broker").struct_value().fields().at("version").string_value(),
            "9.9.9");
  EXPECT_EQ(parsed.fields().at("instances").list_value().values_size(), 2);
  EXPECT_EQ(parsed.fields().at("policies").list_value().values_size(), 1);
}

TEST_F(Ctl, Sessions_ShowsNamesSafely) {
  AddSession(1, "branch", "al\x1bice");
  const CtlRun run = RunCtl("sessions");
  EXPECT_EQ(run.exit_code, 0) << run.error;
  EXPECT_THAT(run.out, AllOf(HasSubstr("uid-001  office    ESTABLISHED  branch       al\\x1bice"),
                             HasSubstr("10.8.0.1"), HasSubstr("1.5 KiB")));
}

TEST_F(Ctl, Sessions_OptionsSelect) {
  AddSession(1, "branch", "alice");
  AddSession(2, "branch", "bob");
  EXPECT_THAT(RunCtl("sessions --user 'al*' --state established").out,
              AllOf(HasSubstr("uid-001"), testing::Not(HasSubstr("uid-002"))));
  const CtlRun wrong = RunCtl("sessions --state nope");
  EXPECT_EQ(wrong.exit_code, 2);
  EXPECT_THAT(wrong.error, HasSubstr("no state matches"));
}

TEST_F(Ctl, KillByUser_TellsWhatHappened) {
  AddSession(1, "branch", "alice");
  AnswerKills(KillOutcome::kDisconnected);
  const CtlRun run = RunCtl("kill --user alice --reason 'laptop lost'");
  EXPECT_EQ(run.exit_code, 0) << run.error;
  EXPECT_EQ(run.out,
            "UID      INSTANCE  COMMON NAME  USERNAME  RESULT        MESSAGE\n"
            "uid-001  office    branch       alice     DISCONNECTED  -\n");
}

TEST_F(Ctl, KillSeveralWithoutYes_IsRefusedOffTerminal) {
  AddSession(1, "branch", "alice");
  AddSession(2, "branch", "bob");
  AnswerKills(KillOutcome::kDisconnected);
  const CtlRun refused = RunCtl("kill --cn branch");
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.error, HasSubstr("2 sessions match; say --yes"));
  EXPECT_EQ(RunCtl("kill --cn branch --yes").exit_code, 0);
}

TEST_F(Ctl, KillThatDoesNotEnd_ExitsWithOne) {
  AddSession(1, "branch", "alice");
  AnswerKills(KillOutcome::kEnding);
  const CtlRun run = RunCtl("kill --uid uid-001 --wait 1");
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_THAT(run.out, HasSubstr("ENDING"));
}

TEST_F(Ctl, KillOfNobody_ExitsWithFour) {
  const CtlRun by_name = RunCtl("kill --user nobody");
  EXPECT_EQ(by_name.exit_code, 4);
  EXPECT_EQ(by_name.error, "ovpn-brokerctl: no session of user nobody\n");
  AnswerKills(KillOutcome::kNotFound);
  EXPECT_EQ(RunCtl("kill --uid nope").exit_code, 4);
}

TEST_F(Ctl, MissingSocket_SaysWhatToDo) {
  const CtlRun run = RunCtl("status", dir_.File("none.sock"));
  EXPECT_EQ(run.exit_code, 3);
  EXPECT_THAT(run.error, AllOf(HasSubstr("there is no socket at"), HasSubstr("--socket")));
  EXPECT_EQ(run.out, "");
}

TEST_F(Ctl, WrongArguments_ExitWithTwo) {
  EXPECT_EQ(RunCtl("kill").exit_code, 2);
  EXPECT_EQ(RunCtl("kill --uid a --user b").exit_code, 2);
  const CtlRun typo = RunCtl("stat");
  EXPECT_EQ(typo.exit_code, 2);
  EXPECT_THAT(typo.error, HasSubstr("did you mean 'status'?"));
}

TEST_F(Ctl, Help_HasExamplesForEachCommand) {
  for (const char* command :
       {"", "status", "instances", "sessions", "decisions", "explain", "shadow",
        "shadow differences", "kill", "check-config", "version", "health"}) {
    const CtlRun run = RunCtl(absl::StrCat(command, " --help"));
    EXPECT_EQ(run.exit_code, 0) << command;
    EXPECT_THAT(run.out, HasSubstr("Examples:")) << command;
  }
}

TEST_F(Ctl, CheckConfig_TellsErrorsAndExitsWithTwo) {
  std::ofstream(dir_.File("b.yaml")) << "log: {levle: info}\n";
  const CtlRun run = RunCtl("check-config " + dir_.File("b.yaml"));
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_THAT(run.error, HasSubstr("b.yaml:1:7: error: log: unknown field 'levle'; did you mean "
                                   "'level'?"));
  const CtlRun json = RunCtl("check-config -o json " + dir_.File("b.yaml"));
  google::protobuf::Struct parsed;
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(json.out, &parsed).ok()) << json.out;
  EXPECT_FALSE(parsed.fields().at("ok").bool_value());
}

TEST_F(Ctl, Explain_TellsTheDecision) {
  fixture_.OnLoop([](FakeBrokerControl& broker) {
    policy::DecisionRecord record;
    record.id = "decision-1";
    record.session_uid = "uid-001";
    record.identity = test::ClientNamed("al\x1bice");
    record.policy = "staff";
    record.result = policy::DecisionResult::kAllowed;
    record.attempt_list = {{std::chrono::milliseconds(0), std::chrono::milliseconds(2),
                            "unix:/run/policy.sock", "ALLOW"}};
    record.lines = {"client-auth-nt 3 1"};
    record.replies = {{std::chrono::milliseconds(3), policy::OutcomeResult::kWritten, "succeeded"}};
    record.got_addresses = {"10.8.0.2"};
    broker.history.OnDecisionRecord(record);
  });
  const CtlRun run = RunCtl("explain uid-001");
  EXPECT_EQ(run.exit_code, 0) << run.error;
  EXPECT_THAT(run.out, AllOf(HasSubstr("of al\\x1bice"), HasSubstr("decision-1"),
                             HasSubstr("staff at unix:/run/policy.sock: ALLOW at +2.00 ms"),
                             HasSubstr("sent        client-auth-nt 3 1\n"),
                             HasSubstr("+3.00 ms WRITTEN: succeeded"),
                             HasSubstr("wanted any, got 10.8.0.2")));
  EXPECT_EQ(RunCtl("explain uid-002").exit_code, 4);
  EXPECT_EQ(RunCtl("explain").exit_code, 2);
  EXPECT_THAT(RunCtl("decisions --result allowed").out, HasSubstr("decision-1"));
  EXPECT_EQ(RunCtl("decisions --result nope").exit_code, 2);
}

TEST_F(Ctl, Shadow_ShowsCountsAndDifferences) {
  fixture_.OnLoop([](FakeBrokerControl& broker) { broker.AddShadowDifference(); });
  const CtlRun run = RunCtl("shadow");
  EXPECT_EQ(run.exit_code, 0) << run.error;
  EXPECT_THAT(run.out, HasSubstr("next           yes         0         1"));
  const CtlRun differences = RunCtl("shadow differences --policy next");
  EXPECT_EQ(differences.exit_code, 0) << differences.error;
  EXPECT_THAT(differences.out, AllOf(HasSubstr("  verdict\n    - staff: ALLOW\n    + next: DENY\n"),
                                     HasSubstr("    - staff: (not set)\n    + next: closed\n")));
  EXPECT_EQ(RunCtl("shadow differences --policy other").exit_code, 4);
}

TEST_F(Ctl, ErrorOfSeveralLines_IsPrintedInLines) {
  fixture_.OnLoop([](FakeBrokerControl& broker) {
    broker.reload_report.result = ReloadReport::Result::kInvalid;
    broker.reload_report.errors = {"rules.yaml:1:1: error: one\x1b", "rules.yaml:2:1: error: two"};
  });
  const CtlRun run = RunCtl("reload");
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_EQ(run.error,
            "ovpn-brokerctl: rules.yaml:1:1: error: one\\x1b\n  rules.yaml:2:1: error: two\n");
}

TEST_F(Ctl, ReloadDryRun_ExitsWithOneInEachFormatWhenItWouldBeRefused) {
  fixture_.OnLoop([](FakeBrokerControl& broker) {
    ReloadChange& change = broker.reload_report.changes.emplace_back();
    change.field.path = "runtime_directory";
    change.refused = true;
  });
  for (const char* format : {"table", "wide", "json", "yaml"}) {
    EXPECT_EQ(RunCtl(absl::StrCat("reload --dry-run -o ", format)).exit_code, 1) << format;
  }
  fixture_.OnLoop([](FakeBrokerControl& broker) { broker.reload_report.changes.clear(); });
  EXPECT_EQ(RunCtl("reload --dry-run -o json").exit_code, 0);
}

TEST_F(Ctl, ConfigShow_PrintsWhatTheFileTakes) {
  const LoadedConfig loaded = ParseConfig(
      "instances: [{name: office, config: office.conf, policy: staff, failure: {mode: allow}}]\n"
      "policies: [{name: staff, rules: {file: rules.yaml}}]\n",
      "b.yaml", "/etc/ovpn-broker");
  ASSERT_TRUE(loaded.ok()) << FormatFindings(loaded.findings);
  fixture_.OnLoop([&](FakeBrokerControl& broker) { broker.configuration = loaded.config; });
  for (const char* format : {"", " -o yaml"}) {
    const CtlRun run = RunCtl(absl::StrCat("config show", format));
    EXPECT_EQ(run.exit_code, 0) << run.error;
    EXPECT_THAT(run.out, AllOf(StartsWith("# /etc/ovpn-broker/broker.yaml, in force since "),
                               HasSubstr("mode: allow"), testing::Not(HasSubstr("MODE_"))));
    const LoadedConfig again = ParseConfig(run.out, "again.yaml", "/");
    EXPECT_TRUE(again.ok()) << FormatFindings(again.findings);
    EXPECT_EQ(again.config.SerializeAsString(), loaded.config.SerializeAsString());
  }
  EXPECT_THAT(RunCtl("config show -o json").out, HasSubstr("\"load_time\""));
}

TEST_F(Ctl, Sessions_AreSortedAsAsked) {
  AddSession(1, "branch", "bob");
  AddSession(2, "branch", "alice");
  const auto order = [this](const std::string& arguments) {
    const std::string out = RunCtl("sessions " + arguments).out;
    return out.find("uid-001") < out.find("uid-002") ? "1 2" : "2 1";
  };
  EXPECT_STREQ(order(""), "1 2");
  EXPECT_STREQ(order("--sort username"), "2 1");
  EXPECT_STREQ(order("--sort username --desc"), "1 2");
  const CtlRun wrong = RunCtl("sessions --sort usernam");
  EXPECT_EQ(wrong.exit_code, 2);
  EXPECT_THAT(wrong.error, HasSubstr("did you mean 'username'?"));
  EXPECT_EQ(RunCtl("sessions --desc").exit_code, 2);
}

TEST_F(Ctl, DecisionsHelp_NamesEveryResult) {
  const std::string help = RunCtl("decisions --help").out;
  const std::string offered = RunCtl("__complete decisions --result ''").out;
  for (size_t i = 0; i < policy::kDecisionResultCount; ++i) {
    const std::string name =
        absl::AsciiStrToLower(policy::ToString(static_cast<policy::DecisionResult>(i)));
    EXPECT_THAT(help, HasSubstr(name));
    EXPECT_THAT(offered, HasSubstr(name + "\t"));
    EXPECT_EQ(RunCtl("decisions --result " + name).exit_code, 0) << name;
  }
}

TEST_F(Ctl, Health_TellsEachServiceAndItsExitCodeAll) {
  fixture_.server().SetHealth(kPolicyHealth, true);
  fixture_.server().SetHealth("instances/office", true);
  const CtlRun missing = RunCtl("health");
  EXPECT_EQ(missing.exit_code, 6) << missing.error;
  EXPECT_EQ(missing.out,
            "SERVICE              STATUS\n"
            "broker               SERVING\n"
            "ovpnbroker.admin.v1  SERVING\n"
            "ovpnbroker.policy    SERVING\n"
            "instances/office     SERVING\n"
            "instances/home       UNKNOWN\n");
  EXPECT_EQ(RunCtl("health broker instances/office").exit_code, 0);
  fixture_.server().SetHealth("instances/home", false);
  EXPECT_THAT(RunCtl("health instances/home").out, HasSubstr("NOT_SERVING"));
  fixture_.server().SetHealth("instances/home", true);
  const CtlRun json = RunCtl("health -o json");
  EXPECT_EQ(json.exit_code, 0) << json.error;
  EXPECT_THAT(json.out, HasSubstr("{\"service\": \"broker\", \"status\": \"SERVING\"}"));
  const CtlRun unknown = RunCtl("health nothing");
  EXPECT_EQ(unknown.exit_code, 4);
  EXPECT_THAT(unknown.error, HasSubstr("lists what it does"));
  EXPECT_EQ(RunCtl("health", dir_.File("none.sock")).exit_code, 3);
}

TEST_F(Ctl, KillFilterThatIsNone_ExitsWithTwo) {
  const CtlRun run = RunCtl("kill --filter 'platform = linux' --yes");
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_THAT(run.error, HasSubstr("platform"));
}

TEST_F(Ctl, Version_ShowsBoth) {
  EXPECT_THAT(RunCtl("version").out,
              AllOf(HasSubstr("ovpn-brokerctl "), HasSubstr("ovpn-brokerd 9.9.9\n")));
}

}  // namespace
}  // namespace ovpnbroker::server
