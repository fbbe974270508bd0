#include "server/metrics/decision_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <prometheus/text_serializer.h>

#include <chrono>
#include <sstream>
#include <string>

#include "tests/support/auth_request_builder.h"

namespace ovpnbroker::server {
namespace {

using policy::AnswerBasis;
using policy::DecisionRecord;
using policy::DecisionResult;
using policy::OutcomeResult;
using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::Not;

DecisionRecord Record(DecisionResult result, AnswerBasis basis) {
  DecisionRecord record;
  record.key.client.instance = "office";
  record.policy = "judge";
  record.identity = test::ClientNamed("alice");
  record.result = result;
  record.basis = basis;
  return record;
}

std::string TextOf(const DecisionMetrics& metrics) {
  MetricBatch batch;
  metrics.Fill(batch);
  return prometheus::TextSerializer().Serialize(std::move(batch).Take());
}

std::string Decided(const std::string& outcome, const std::string& cause, int count) {
  return "ovpnbroker_decisions_total{ovpn_instance=\"office\",policy=\"judge\",outcome=\"" +
         outcome + "\",cause=\"" + cause + "\"} " + std::to_string(count) + "\n";
}

TEST(DecisionMetrics, Records_AreCountedByOutcomeAndCause) {
  DecisionMetrics metrics;
  metrics.OnDecisionRecord(Record(DecisionResult::kAllowed, AnswerBasis::kVerdict));
  metrics.OnDecisionRecord(Record(DecisionResult::kDenied, AnswerBasis::kVerdict));
  metrics.OnDecisionRecord(Record(DecisionResult::kDenied, AnswerBasis::kVerdict));
  metrics.OnDecisionRecord(Record(DecisionResult::kTimedOut, AnswerBasis::kFailureRule));
  metrics.OnDecisionRecord(Record(DecisionResult::kUnavailable, AnswerBasis::kFailureMode));
  metrics.OnDecisionRecord(Record(DecisionResult::kAllowed, AnswerBasis::kAdmission));
  metrics.OnDecisionRecord(Record(DecisionResult::kWithdrawn, AnswerBasis::kNone));
  metrics.OnDecisionRecord(Record(DecisionResult::kBanned, AnswerBasis::kBan));
  const std::string text = TextOf(metrics);
  EXPECT_THAT(text, HasSubstr(Decided("allowed", "verdict", 1)));
  EXPECT_THAT(text, HasSubstr(Decided("denied", "verdict", 2)));
  EXPECT_THAT(text, HasSubstr(Decided("denied", "timeout", 1)));
  EXPECT_THAT(text, HasSubstr(Decided("allowed", "unavailable", 1)));
  EXPECT_THAT(text, HasSubstr(Decided("denied", "admission", 1)));
  EXPECT_THAT(text, HasSubstr(Decided("withdrawn", "withdrawn", 1)));
  EXPECT_THAT(text, HasSubstr(Decided("denied", "banned", 1)));
  EXPECT_THAT(text, HasSubstr("ovpnbroker_unjudged_admissions_total{ovpn_instance=\"office\","
                              "basis=\"failure_mode\"} 1\n"));
  EXPECT_THAT(text, Not(HasSubstr("alice")));
}

TEST(DecisionMetrics, VerifiedRecord_GivesEveryStageItsTime) {
  DecisionRecord record = Record(DecisionResult::kAllowed, AnswerBasis::kVerdict);
  record.latency = milliseconds(4);
  record.attempt_list = {
      {.begin = milliseconds(0), .end = milliseconds(3), .replica = "", .result = ""},
      {.begin = milliseconds(2), .end = std::nullopt, .replica = "", .result = ""}};
  record.outcome = OutcomeResult::kVerified;
  record.replies = {{milliseconds(5), OutcomeResult::kWritten, ""},
                    {milliseconds(25), OutcomeResult::kVerified, ""}};
  DecisionMetrics metrics;
  metrics.OnDecisionRecord(record);
  const std::string text = TextOf(metrics);
  const auto sum = [](const std::string& stage, const std::string& seconds) {
    return "ovpnbroker_decision_seconds_sum{ovpn_instance=\"office\",stage=\"" + stage + "\"} " +
           seconds + "\n";
  };
  EXPECT_THAT(text, HasSubstr(sum("ask", "0.003")));
  EXPECT_THAT(text, HasSubstr(sum("decide", "0.004")));
  EXPECT_THAT(text, HasSubstr(sum("write", "0.001")));
  EXPECT_THAT(text, HasSubstr(sum("establish", "0.02")));
  EXPECT_THAT(
      text,
      HasSubstr("ovpnbroker_answers_total{ovpn_instance=\"office\",result=\"verified\"} 1\n"));
}

TEST(DecisionMetrics, RecordWithSteps_KeepsTheClientsTimeOutOfDecide) {
  DecisionRecord record = Record(DecisionResult::kAllowed, AnswerBasis::kVerdict);
  record.steps = 1;
  record.latency = std::chrono::seconds(30);
  DecisionMetrics metrics;
  metrics.OnDecisionRecord(record);
  EXPECT_THAT(TextOf(metrics), HasSubstr("ovpnbroker_decision_seconds_count{ovpn_instance="
                                         "\"office\",stage=\"decide\"} 0\n"));
}

TEST(DecisionMetrics, NewInstance_HasItsSeriesAtZero) {
  DecisionMetrics metrics;
  metrics.AddInstance("office");
  EXPECT_THAT(TextOf(metrics), HasSubstr("ovpnbroker_session_changes_total{ovpn_instance="
                                         "\"office\",change=\"established\"} 0\n"));
}

}  // namespace
}  // namespace ovpnbroker::server
