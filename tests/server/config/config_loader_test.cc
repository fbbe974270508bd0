#include "server/config/config_loader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ovpnbroker::server {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr char kMinimal[] =
    "instances:\n"
    "  - name: office\n"
    "    config: office.conf\n"
    "    policy: staff\n"
    "policies:\n"
    "  - name: staff\n"
    "    rules: { file: rules.yaml }\n";

LoadedConfig Parse(const std::string& yaml) { return ParseConfig(yaml, "b.yaml", "/etc/ovpn"); }

std::vector<std::string> Errors(const std::string& yaml) {
  std::vector<std::string> texts;
  for (const Finding& finding : Parse(yaml).findings) texts.push_back(finding.ToString());
  return texts;
}

TEST(ConfigLoader, MinimalFile_GetsAllDefaults) {
  const LoadedConfig loaded = Parse(kMinimal);
  ASSERT_THAT(loaded.findings, IsEmpty());
  const auto& config = loaded.config;
  EXPECT_EQ(config.runtime_directory(), "/run/ovpn-broker");
  EXPECT_EQ(config.admin().socket(), "/run/ovpn-broker/admin.sock");
  EXPECT_EQ(config.admin().mode(), "0660");
  EXPECT_EQ(config.log().level(), config::v1::LOG_LEVEL_INFO);
  EXPECT_EQ(config.shutdown_timeout().seconds(), 20);
  const auto& instance = config.instances(0);
  EXPECT_EQ(instance.config(), "/etc/ovpn/office.conf");
  EXPECT_EQ(instance.working_directory(), "/etc/ovpn");
  EXPECT_EQ(instance.management().unix(), "/run/ovpn-broker/office/management.sock");
  EXPECT_TRUE(instance.autostart());
  EXPECT_TRUE(instance.prompt_verdict());
  EXPECT_EQ(instance.decision().timeout().seconds(), 5);
  EXPECT_EQ(instance.decision().max_open(), 4096U);
  EXPECT_EQ(instance.restart().policy(), config::v1::RESTART_POLICY_ON_FAILURE);
  EXPECT_EQ(instance.failure().mode(), config::v1::FAILURE_MODE_DENY);
  EXPECT_FALSE(instance.failure().has_keep_last());
}

TEST(ConfigLoader, WrittenValues_WinOverDefaults) {
  const LoadedConfig loaded = Parse(
      "runtime_directory: run\n"
      "log: {level: WARNING, format: json}\n"
      "instances:\n"
      "  - name: office\n"
      "    config: /x/o.conf\n"
      "    policy: p\n"
      "    autostart: false\n"
      "    prompt_verdict: false\n"
      "    arguments: [--verb, 4]\n"
      "    bytecount_interval: 0s\n"
      "    decision: {timeout: 1m30s, attempt_timeout: 500ms}\n"
      "    restart: {policy: ON_FAILURE}\n"
      "    failure: {keep_last: {max_age: 8h}}\n"
      "    management: {tcp: {address: '[::1]:7505', password_file: secret}}\n"
      "policies:\n"
      "  - name: p\n"
      "    remote: {addresses: ['unix:p.sock', '127.0.0.1:50051'], insecure: true}\n");
  ASSERT_THAT(loaded.findings, IsEmpty());
  EXPECT_EQ(loaded.config.runtime_directory(), "/etc/ovpn/run");
  EXPECT_EQ(loaded.config.log().level(), config::v1::LOG_LEVEL_WARNING);
  const auto& instance = loaded.config.instances(0);
  EXPECT_FALSE(instance.autostart());
  EXPECT_FALSE(instance.prompt_verdict());
  EXPECT_THAT(instance.arguments(), ElementsAre("--verb", "4"));
  EXPECT_EQ(instance.bytecount_interval().seconds(), 0);
  EXPECT_EQ(instance.decision().timeout().seconds(), 90);
  EXPECT_EQ(instance.decision().attempt_timeout().nanos(), 500'000'000);
  EXPECT_EQ(instance.failure().keep_last().max_age().seconds(), 8 * 3600);
  EXPECT_EQ(instance.management().tcp().password_file(), "/etc/ovpn/secret");
  EXPECT_THAT(loaded.config.policies(0).remote().addresses(),
              ElementsAre("unix:/etc/ovpn/p.sock", "127.0.0.1:50051"));
}

struct BadConfig {
  std::string name;
  std::string yaml;
  std::string error;
};

class ConfigLoaderErrors : public testing::TestWithParam<BadConfig> {};

TEST_P(ConfigLoaderErrors, OneMistake_NamesPlaceAndRemedy) {
  EXPECT_THAT(Errors(GetParam().yaml), ElementsAre(GetParam().error));
}

INSTANTIATE_TEST_SUITE_P(
    All, ConfigLoaderErrors,
    testing::Values(
        BadConfig{"UnknownField", std::string(kMinimal) + "log: {levle: info}\n",
                  "b.yaml:8:7: error: log: unknown field 'levle'; did you mean 'level'?"},
        BadConfig{"UnknownEnum", std::string(kMinimal) + "log: {level: inof}\n",
                  "b.yaml:8:14: error: log.level: \"inof\" is not one of trace, debug, info, "
                  "warning, error; did you mean 'info'?"},
        BadConfig{"NotADuration", std::string(kMinimal) + "shutdown_timeout: 20\n",
                  "b.yaml:8:19: error: shutdown_timeout: \"20\" is not a duration; write it as "
                  "500ms, 5s, 2m or 1h30m"},
        BadConfig{"DurationOutOfRange", std::string(kMinimal) + "shutdown_timeout: 1h\n",
                  "b.yaml:8:19: error: shutdown_timeout: \"1h\" is out of range; it must be "
                  "between 1s and 5m"},
        BadConfig{"NotABool", std::string(kMinimal) + "fail_fast: yes\n",
                  "b.yaml:8:12: error: fail_fast: \"yes\" is not accepted; write true or false"},
        BadConfig{"WrittenTwice", std::string(kMinimal) + "log:\nlog:\n",
                  "b.yaml:9:1: error: log: written twice; the first is in line 8"},
        BadConfig{"NoValue", std::string(kMinimal) + "fail_fast:\n",
                  "b.yaml:8:1: error: fail_fast: has no value; write one or leave the line out"},
        BadConfig{"ScalarForMessage", std::string(kMinimal) + "log: text\n",
                  "b.yaml:8:6: error: log: expected fields, one 'name: value' a line"},
        BadConfig{"WorldMode", std::string(kMinimal) + "admin: {mode: 0666}\n",
                  "b.yaml:8:15: error: admin.mode: \"0666\": gives permissions to every local "
                  "user; the last digit must be 0, as in \"0660\""},
        BadConfig{"SecondDocument", std::string(kMinimal) + "---\nlog: {}\n",
                  "b.yaml:8:1: error: expected one document; remove the '---' line"},
        BadConfig{"NotUtf8", std::string(kMinimal) + "# \xff\n",
                  "b.yaml:8:3: error: is not UTF-8 from here on"},
        BadConfig{"BadName",
                  "instances:\n  - {name: A_b, config: c, policy: p}\n"
                  "policies: [{name: p, rules: {file: r}}]\n",
                  "b.yaml:2:12: error: instances[0].name: \"A_b\": expected 1 to 32 lower-case "
                  "letters, digits and hyphens"},
        BadConfig{"OneofConflict",
                  "instances: [{name: a, config: c, policy: p}]\n"
                  "policies:\n  - name: p\n    rules: {file: r}\n    remote: {addresses: "
                  "['unix:/s']}\n",
                  "b.yaml:5:5: error: policies[0].remote: excludes 'rules' in line 4; write only "
                  "one of the two"},
        BadConfig{"RequiredMissing",
                  "instances:\n  - {name: a, config: c}\n"
                  "policies: [{name: p, rules: {file: r}}]\n",
                  "b.yaml:2:5: error: instances[0]: 'policy' is missing"}),
    [](const auto& test_case) { return test_case.param.name; });

TEST(ConfigLoader, SeveralMistakes_AreAllTold) {
  EXPECT_EQ(Errors(std::string(kMinimal) + "log: {level: x}\nfail_fast: 1\nnope: 2\n").size(), 3U);
}

TEST(ConfigLoader, BrokenYaml_NamesTheLine) {
  EXPECT_THAT(Errors("log: {level: info\nx"), ElementsAre(HasSubstr("b.yaml:")));
}

TEST(ConfigLoader, EmptyFile_TellsWhatIsMissing) {
  EXPECT_THAT(Errors(""), ElementsAre("b.yaml: error: 'instances' is missing",
                                      "b.yaml: error: 'policies' is missing"));
}

TEST(ConfigLoader, TooManyElements_AreRefused) {
  std::string yaml = "policies: [{name: p, rules: {file: r}}]\ninstances:\n";
  for (int i = 0; i < 257; ++i) yaml += "  - {name: a, config: c, policy: p}\n";
  EXPECT_THAT(Errors(yaml), ElementsAre("b.yaml:3:3: error: instances: has 257 elements; at most "
                                        "256 are accepted"));
}

TEST(ConfigLoader, Passthrough_ExistsOnlyWhenItIsWritten) {
  const auto load = [](const std::string& more) {
    return ParseConfig(
               "runtime_directory: /run/b\npolicies: [{name: p, rules: {file: r}}]\n"
               "instances: [{name: office, config: c, policy: p" +
                   more + "}]\n",
               "b.yaml", "/etc")
        .config.instances(0);
  };
  EXPECT_FALSE(load("").has_passthrough());
  const auto written = load(", passthrough: {}");
  ASSERT_TRUE(written.has_passthrough());
  EXPECT_EQ(written.passthrough().socket(), "/run/b/office.passthrough.sock");
  EXPECT_EQ(written.passthrough().mode(), "0660");
}

TEST(ConfigLoader, HugeFile_IsRefused) {
  EXPECT_THAT(Errors(std::string(kMaxConfigBytes + 1, '#')),
              ElementsAre(HasSubstr("is larger than 1048576 bytes")));
}

TEST(ConfigLoader, MissingFile_SaysSo) {
  const LoadedConfig loaded = LoadConfig("/nonexistent/broker.yaml");
  ASSERT_EQ(loaded.findings.size(), 1U);
  EXPECT_EQ(loaded.findings[0].ToString(),
            "/nonexistent/broker.yaml: error: No such file or directory");
}

}  // namespace
}  // namespace ovpnbroker::server
