// What ConfigYaml prints is a configuration file: read again, it is the same configuration.
#include "server/config/config_yaml.h"

#include <gmock/gmock.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

#include "server/config/config_loader.h"
#include "tests/support/source_dir.h"

namespace ovpnbroker::server {
namespace {

using google::protobuf::util::MessageDifferencer;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;

// The file that `config` makes, when it is read again without a difference.
std::string RoundTrip(const config::v1::BrokerConfig& config) {
  std::string yaml = ConfigYaml(config);
  const LoadedConfig again = ParseConfig(yaml, "again.yaml", "/elsewhere");
  EXPECT_THAT(FormatFindings(again.findings), IsEmpty()) << yaml;
  std::string difference;
  MessageDifferencer differencer;
  differencer.ReportDifferencesToString(&difference);
  EXPECT_TRUE(differencer.Compare(config, again.config)) << difference << yaml;
  return yaml;
}

TEST(ConfigYaml, Example_IsReadAgainAsItWas) {
  std::stringstream text;
  text << std::ifstream(test::SourceDir() + "/deploy/config/broker.example.yaml").rdbuf();
  const LoadedConfig loaded = ParseConfig(text.str(), "example.yaml", "/etc/ovpn-broker");
  ASSERT_TRUE(loaded.ok()) << FormatFindings(loaded.findings);
  RoundTrip(loaded.config);
}

TEST(ConfigYaml, ValuesOfEachKind_AreWrittenAsTheFileTakesThem) {
  const LoadedConfig loaded = ParseConfig(
      "admin:\n"
      "  group: 'null'\n"
      "  tcp:\n"
      "    address: 127.0.0.1:7443\n"
      "    certificate: c\n"
      "    private_key: k\n"
      "    client_ca: a\n"
      "    roles: [{san: 'uri:spiffe://example/ops', role: operator}]\n"
      "metrics: {address: '[::1]:9755'}\n"
      "fail_fast: true\n"
      "instances:\n"
      "  - name: office\n"
      "    config: 'a: # b.conf'\n"
      "    policy: staff\n"
      "    shadows: [next]\n"
      "    autostart: false\n"
      "    stop_timeout: 1500ms\n"
      "    passthrough: {}\n"
      "    restart: {policy: on-failure, max_backoff: 90s}\n"
      "policies:\n"
      "  - name: staff\n"
      "    remote: {addresses: ['unix:/run/p.sock', 'unix:/run/q.sock']}\n"
      "  - name: next\n"
      "    rules: {file: rules.yaml}\n",
      "b.yaml", "/etc/ovpn-broker");
  ASSERT_TRUE(loaded.ok()) << FormatFindings(loaded.findings);
  EXPECT_THAT(RoundTrip(loaded.config),
              AllOf(HasSubstr("mode: \"0660\""), HasSubstr("group: \"null\""),
                    HasSubstr("role: operator"), HasSubstr("policy: on-failure"),
                    HasSubstr("max_backoff: 1m30s"), HasSubstr("stop_timeout: 1.5s"),
                    HasSubstr("autostart: false"), HasSubstr("fail_fast: true"),
                    HasSubstr("addresses: [\"unix:/run/p.sock\", \"unix:/run/q.sock\"]")));
}

}  // namespace
}  // namespace ovpnbroker::server
