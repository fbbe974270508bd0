#include "policy/decision_log.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/support/recording_logger.h"

namespace ovpnbroker::policy {
namespace {

DecisionRecord RecordWith(DecisionResult result) {
  DecisionRecord record;
  record.id = "d1";
  record.result = result;
  record.basis = AnswerBasis::kFailureRule;
  return record;
}

TEST(DecisionLog, EachResult_HasItsOwnId) {
  std::set<std::string> ids;
  for (size_t i = 0; i < kDecisionResultCount; ++i) {
    test::RecordingLogger logger;
    DecisionLog(logger).OnDecisionRecord(RecordWith(static_cast<DecisionResult>(i)));
    ASSERT_EQ(logger.lines().size(), 1U);
    ids.insert(logger.lines()[0].id);
  }
  EXPECT_EQ(ids.size(), kDecisionResultCount);
}

TEST(DecisionLog, DeniedFailedUnreachableInvalid_AreToldApart) {
  const std::pair<DecisionResult, const char*> cases[] = {
      {DecisionResult::kDenied, "DECISION_DENIED"},
      {DecisionResult::kPolicyFailed, "POLICY_FAILED"},
      {DecisionResult::kUnavailable, "POLICY_UNAVAILABLE"},
      {DecisionResult::kInvalidVerdict, "VERDICT_INVALID"}};
  for (const auto& [result, id] : cases) {
    test::RecordingLogger logger;
    DecisionLog(logger).OnDecisionRecord(RecordWith(result));
    EXPECT_EQ(logger.Count(id), 1);
  }
}

TEST(DecisionLog, AdmittedWithoutVerdict_IsSaidOnItsOwnLine) {
  const std::pair<AnswerBasis, const char*> cases[] = {
      {AnswerBasis::kFailureMode, "FAILURE_MODE_ALLOWED"},
      {AnswerBasis::kKeptLast, "SESSION_KEPT_LAST"}};
  for (const auto& [basis, id] : cases) {
    test::RecordingLogger logger;
    DecisionRecord record = RecordWith(DecisionResult::kTimedOut);
    record.basis = basis;
    DecisionLog(logger).OnDecisionRecord(record);
    EXPECT_EQ(logger.Count("DECISION_TIMEOUT"), 1);
    EXPECT_EQ(logger.Count(id), 1);
  }
}

TEST(DecisionLog, Mismatch_IsAWarning) {
  test::RecordingLogger logger;
  DecisionRecord record = RecordWith(DecisionResult::kAllowed);
  record.outcome = OutcomeResult::kMismatched;
  DecisionLog(logger).OnDecisionRecord(record);
  ASSERT_EQ(logger.lines().size(), 1U);
  EXPECT_EQ(logger.lines()[0].level, ovpn::LogLevel::kWarning);
  EXPECT_TRUE(logger.Mentions("outcome=MISMATCHED"));
}

TEST(DecisionLog, Violations_AreNamed) {
  test::RecordingLogger logger;
  DecisionRecord record = RecordWith(DecisionResult::kInvalidVerdict);
  record.violations = {{"allow.config.dns[0]", "bad"}, {"deny.client_reason", "reserved"}};
  DecisionLog(logger).OnDecisionRecord(record);
  EXPECT_TRUE(logger.Mentions("violations=allow.config.dns[0]: bad; deny.client_reason: reserved"));
}

}  // namespace
}  // namespace ovpnbroker::policy
