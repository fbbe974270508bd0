#include "policy/failure_rules.h"

#include <gtest/gtest.h>

#include <vector>

namespace ovpnbroker::policy {
namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): durations in tests
using ovpn::AuthKind;
using ovpn::FailureCause;

constexpr FailureCause kAllCauses[] = {FailureCause::kPolicyFailed,   FailureCause::kTimeout,
                                       FailureCause::kUnavailable,    FailureCause::kOverloaded,
                                       FailureCause::kInvalidVerdict, FailureCause::kShutdown};

ovpn::Verdict FailureOf(FailureCause cause) { return ovpn::Failure{cause, "detail", {}}; }

FailureOptions KeepLast(ovpn::Duration max_age) {
  FailureOptions options;
  options.keep_last_max_age = max_age;
  return options;
}

TEST(FailureRules, PolicyVerdict_PassesAsItIs) {
  const ovpn::Verdict deny = ovpn::Deny{"reason", "client reason", "CODE", {}};
  for (const AuthKind kind : {AuthKind::kConnect, AuthKind::kReauth}) {
    for (const ovpn::Verdict& verdict : {ovpn::Verdict(ovpn::Allow{}), deny}) {
      FailureOptions options = KeepLast(1h);
      options.mode = FailureOptions::Mode::kAllow;
      const Ruling ruling = ApplyFailureRules(kind, verdict, 1s, options);
      EXPECT_EQ(ruling.AnswerTo(verdict), verdict);
      EXPECT_EQ(ruling.basis, AnswerBasis::kVerdict);
    }
  }
}

TEST(FailureRules, AnyFailure_DeniesWithARetry) {
  FailureOptions options;
  options.retry_backoff = 7s;
  for (const AuthKind kind : {AuthKind::kConnect, AuthKind::kReauth}) {
    for (const FailureCause cause : kAllCauses) {
      const Ruling ruling = ApplyFailureRules(kind, FailureOf(cause), 1s, options);
      const ovpn::Verdict expected = ovpn::Deny{std::string(ToString(cause)), "service unavailable",
                                                "", ovpn::RetryHint{7s, false}};
      EXPECT_EQ(ruling.AnswerTo(FailureOf(cause)), expected);
      EXPECT_EQ(ruling.basis, AnswerBasis::kFailureRule);
    }
  }
}

TEST(FailureRules, Abstain_DeniesWithoutText) {
  for (const AuthKind kind : {AuthKind::kConnect, AuthKind::kReauth}) {
    FailureOptions options;
    options.mode = FailureOptions::Mode::kAllow;
    const ovpn::Verdict said = ovpn::Abstain{};
    const Ruling ruling = ApplyFailureRules(kind, said, std::nullopt, options);
    const auto& deny = std::get<ovpn::Deny>(ruling.AnswerTo(said));
    EXPECT_EQ(deny.client_reason, "");
    EXPECT_FALSE(deny.retry.has_value());
    EXPECT_EQ(ruling.basis, AnswerBasis::kFailureRule);
  }
}

TEST(FailureRules, FailureModeAllow_AdmitsInfrastructureFailuresOnly) {
  FailureOptions options;
  options.mode = FailureOptions::Mode::kAllow;
  for (const AuthKind kind : {AuthKind::kConnect, AuthKind::kReauth}) {
    for (const FailureCause cause : kAllCauses) {
      const bool admits =
          cause != FailureCause::kInvalidVerdict && cause != FailureCause::kShutdown;
      const Ruling ruling = ApplyFailureRules(kind, FailureOf(cause), std::nullopt, options);
      EXPECT_EQ(std::holds_alternative<ovpn::Allow>(ruling.AnswerTo(FailureOf(cause))), admits)
          << ToString(cause);
      EXPECT_EQ(ruling.basis, admits ? AnswerBasis::kFailureMode : AnswerBasis::kFailureRule);
    }
  }
}

TEST(FailureRules, KeepLast_KeepsASessionWithAYoungAllow) {
  struct Case {
    const char* what;
    AuthKind kind;
    ovpn::Verdict verdict;
    std::optional<ovpn::Duration> age;
    bool kept;
  };
  const std::vector<Case> cases = {
      {"young", AuthKind::kReauth, FailureOf(FailureCause::kTimeout), 59min, true},
      {"exactly as old", AuthKind::kReauth, FailureOf(FailureCause::kTimeout), 60min, false},
      {"never allowed", AuthKind::kReauth, FailureOf(FailureCause::kTimeout), std::nullopt, false},
      {"CONNECT", AuthKind::kConnect, FailureOf(FailureCause::kTimeout), 1min, false},
      {"invalid", AuthKind::kReauth, FailureOf(FailureCause::kInvalidVerdict), 1min, true},
      {"abstain", AuthKind::kReauth, ovpn::Abstain{}, 1min, true},
      {"deny", AuthKind::kReauth, ovpn::Deny{}, 1min, false},
      {"shutdown", AuthKind::kReauth, FailureOf(FailureCause::kShutdown), 1min, false},
  };
  for (const Case& c : cases) {
    const Ruling ruling = ApplyFailureRules(c.kind, c.verdict, c.age, KeepLast(1h));
    EXPECT_EQ(ruling.AnswerTo(c.verdict) == ovpn::Verdict(ovpn::Allow{}), c.kept) << c.what;
    EXPECT_EQ(ruling.basis == AnswerBasis::kKeptLast, c.kept) << c.what;
  }
}

}  // namespace
}  // namespace ovpnbroker::policy
