#include "server/reload/config_diff.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ovpnbroker::server {
namespace {

using config::v1::BrokerConfig;
using testing::ElementsAre;
using testing::IsEmpty;

BrokerConfig Config(const std::string& text) {
  BrokerConfig config;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &config));
  return config;
}

std::vector<std::string> Texts(const std::string& current, const std::string& next) {
  std::vector<std::string> texts;
  for (const FieldChange& change : DiffConfigs(Config(current), Config(next))) {
    texts.push_back(change.path + ": " + change.old_value + " -> " + change.new_value);
  }
  return texts;
}

TEST(ConfigDiff, SameConfig_HasNoChange) {
  const std::string text = R"(instances { name: "a" decision { timeout { seconds: 5 } } }
                              policies { name: "p" remote { addresses: "unix:/x" } })";
  EXPECT_THAT(Texts(text, text), IsEmpty());
}

TEST(ConfigDiff, NestedField_IsNamedByItsEntry) {
  EXPECT_THAT(Texts(R"(instances { name: "a" decision { timeout { seconds: 5 } } })",
                    R"(instances { name: "a" decision { timeout { seconds: 7 } } })"),
              ElementsAre("instances[a].decision.timeout: 5s -> 7s"));
}

TEST(ConfigDiff, OtherOrderOfNamedEntries_IsNoChange) {
  EXPECT_THAT(Texts(R"(instances { name: "a" } instances { name: "b" })",
                    R"(instances { name: "b" } instances { name: "a" })"),
              IsEmpty());
}

TEST(ConfigDiff, OtherOrderOfPlainValues_IsAChange) {
  EXPECT_THAT(Texts(R"(instances { name: "a" arguments: "x" arguments: "y" })",
                    R"(instances { name: "a" arguments: "y" arguments: "x" })"),
              ElementsAre("instances[a].arguments: [x, y] -> [y, x]"));
}

TEST(ConfigDiff, EntriesThatComeAndGo_AreOneChangeEach) {
  EXPECT_THAT(Texts(R"(instances { name: "a" })", R"(instances { name: "b" policy: "p" })"),
              ElementsAre("instances[b]:  -> {name: b, policy: p}", "instances[a]: {name: a} -> "));
}

TEST(ConfigDiff, MessageThatBecomesAbsent_IsOneChange) {
  EXPECT_THAT(Texts(R"(instances { name: "a" failure { keep_last { max_age { seconds: 9 } } } })",
                    R"(instances { name: "a" failure {} })"),
              ElementsAre("instances[a].failure.keep_last: {max_age: 9s} -> "));
}

TEST(ConfigDiff, ValuesThatDifferBehindTheCut_StillDiffer) {
  const std::string same(300, 'x');
  EXPECT_EQ(Texts(R"(runtime_directory: "/)" + same + R"(a")",
                  R"(runtime_directory: "/)" + same + R"(b")")
                .size(),
            1U);
}

TEST(ConfigDiff, Pattern_HasNoNames) {
  const auto changes = DiffConfigs(Config(R"(policies { name: "p" remote { insecure: true } })"),
                                   Config(R"(policies { name: "p" remote { insecure: false } })"));
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(changes[0].pattern, "policies[*].remote.insecure");
  EXPECT_EQ(changes[0].entry, "p");
}

}  // namespace
}  // namespace ovpnbroker::server
