#include "server/reload/reload_plan.h"

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <string>

namespace ovpnbroker::server {
namespace {

using config::v1::BrokerConfig;

constexpr char kPools[] = R"(address_pools { name: "staff" ipv4 { network: "10.8.0.0/24" } })";

BrokerConfig Config(const std::string& text) {
  BrokerConfig config;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &config));
  return config;
}

// The only change between the two.
ReloadChange Plan(const std::string& current, const std::string& next, bool stopped = false) {
  const auto plan = PlanReload(Config(current), Config(next), [stopped](const std::string& name) {
    EXPECT_EQ(name, "a");
    return stopped;
  });
  EXPECT_EQ(plan.size(), 1U);
  return plan.empty() ? ReloadChange() : plan.front();
}

TEST(ReloadPlan, PolicyChange_IsLive) {
  const ReloadChange change = Plan(R"(policies { name: "p" remote { addresses: "unix:/a" } })",
                                   R"(policies { name: "p" remote { addresses: "unix:/b" } })");
  EXPECT_EQ(change.effect, ReloadEffect::kLive);
  EXPECT_FALSE(change.refused);
}

TEST(ReloadPlan, ArgumentsOfARunningInstance_AreRefused) {
  const ReloadChange change =
      Plan(R"(instances { name: "a" })", R"(instances { name: "a" arguments: "--verb" })");
  EXPECT_EQ(change.effect, ReloadEffect::kInstanceStop);
  EXPECT_EQ(change.instance, "a");
  EXPECT_TRUE(change.refused);
  EXPECT_NE(WhyRefused(change).find("stop it"), std::string::npos);
}

TEST(ReloadPlan, ArgumentsOfAStoppedInstance_AreTaken) {
  EXPECT_FALSE(Plan(R"(instances { name: "a" })", R"(instances { name: "a" arguments: "--verb" })",
                    /*stopped=*/true)
                   .refused);
}

TEST(ReloadPlan, NewInstance_IsLiveAndARunningOneCannotGo) {
  EXPECT_EQ(Plan("", R"(instances { name: "a" })").effect, ReloadEffect::kLive);
  EXPECT_TRUE(Plan(R"(instances { name: "a" })", "").refused);
  EXPECT_FALSE(Plan(R"(instances { name: "a" })", "", /*stopped=*/true).refused);
}

TEST(ReloadPlan, FieldThatNoRowNames_NeedsAnotherBroker) {
  const ReloadChange change = Plan(R"(admin { mode: "0660" })", R"(admin { mode: "0600" })");
  EXPECT_EQ(change.effect, ReloadEffect::kBrokerRestart);
  EXPECT_TRUE(change.refused);
}

TEST(ReloadPlan, LimitOfWatches_IsLive) {
  EXPECT_EQ(Plan("admin { max_watches: 64 }", "admin { max_watches: 8 }").effect,
            ReloadEffect::kLive);
}

// "instances[*].policy" is not the beginning of "instances[*].policy_something".
TEST(ReloadPlan, RowsFitWholeWordsOnly) {
  EXPECT_EQ(Plan(R"(log { level: LOG_LEVEL_INFO })", R"(log { level: LOG_LEVEL_DEBUG })").effect,
            ReloadEffect::kLive);
  EXPECT_EQ(Plan(R"(log { format: LOG_FORMAT_TEXT })", R"(log { format: LOG_FORMAT_JSON })").effect,
            ReloadEffect::kBrokerRestart);
}

TEST(ReloadPlan, FirstLastAndSecondAddressPool_AreLive) {
  const std::string both = std::string(kPools) + R"(address_pools { name: "guests" })";
  EXPECT_EQ(Plan("", kPools).effect, ReloadEffect::kLive);
  EXPECT_EQ(Plan(kPools, "").effect, ReloadEffect::kLive);
  EXPECT_EQ(Plan(kPools, both).effect, ReloadEffect::kLive);
}

}  // namespace
}  // namespace ovpnbroker::server
