#include "policy/decision_record.h"

#include <gtest/gtest.h>

namespace ovpnbroker::policy {
namespace {

TEST(SummarizeAnswer, FullAllow_NamesAddressesAndCountsTheRest) {
  ovpn::Allow allow;
  allow.config.ifconfig_push = {*ovpn::IpAddress::Parse("10.8.0.2"),
                                *ovpn::IpAddress::Parse("255.255.255.0")};
  allow.config.ifconfig_ipv6_push = {*ovpn::IpAddress::Parse("fd00::2"), 64, std::nullopt};
  allow.config.routes.resize(2);
  allow.config.push_options = {"auth-token do-not-show"};
  EXPECT_EQ(SummarizeAnswer(allow),
            "allow ifconfig_push=10.8.0.2 ifconfig_ipv6_push=fd00::2/64 routes=2 push_options=1");
}

TEST(SummarizeAnswer, Deny_ShowsWhatTheClientReadsEscaped) {
  EXPECT_EQ(SummarizeAnswer(ovpn::Deny{"secret reason", "no\"\n", "", ovpn::RetryHint{}}),
            "deny retry=5s client_reason=\"no\\\"\\n\"");
}

TEST(ResultOf, EachVerdict_HasItsOwnResult) {
  using ovpn::FailureCause;
  EXPECT_EQ(ResultOf(ovpn::Allow{}), DecisionResult::kAllowed);
  EXPECT_EQ(ResultOf(ovpn::Deny{}), DecisionResult::kDenied);
  EXPECT_EQ(ResultOf(ovpn::Abstain{}), DecisionResult::kAbstained);
  const std::pair<FailureCause, DecisionResult> causes[] = {
      {FailureCause::kPolicyFailed, DecisionResult::kPolicyFailed},
      {FailureCause::kTimeout, DecisionResult::kTimedOut},
      {FailureCause::kUnavailable, DecisionResult::kUnavailable},
      {FailureCause::kOverloaded, DecisionResult::kOverloaded},
      {FailureCause::kInvalidVerdict, DecisionResult::kInvalidVerdict},
      {FailureCause::kShutdown, DecisionResult::kShutdown}};
  for (const auto& [cause, result] : causes) {
    EXPECT_EQ(ResultOf(ovpn::Failure{cause, "", {}}), result);
    EXPECT_EQ(ToString(cause), ToString(result));
  }
}

}  // namespace
}  // namespace ovpnbroker::policy
