#include "server/metrics/decision_metrics.h"

#include <algorithm>

#include "absl/strings/ascii.h"

namespace ovpnbroker::server {
namespace {

using policy::AnswerBasis;
using policy::DecisionRecord;
using policy::DecisionResult;
using policy::OutcomeResult;

constexpr auto kVerdictCause = static_cast<size_t>(DecisionResult::kAllowed);

// A verdict is one cause, whatever it says.
size_t CauseOf(const DecisionRecord& record, size_t admission) {
  if (record.basis == AnswerBasis::kAdmission) return admission;
  if (record.result == DecisionResult::kDenied) return kVerdictCause;
  return static_cast<size_t>(record.result);
}

std::string CauseName(size_t cause, size_t admission) {
  if (cause == admission) return "admission";
  if (cause == kVerdictCause) return "verdict";
  return absl::AsciiStrToLower(policy::ToString(static_cast<DecisionResult>(cause)));
}

}  // namespace

DecisionMetrics::Outcome DecisionMetrics::OutcomeOf(const DecisionRecord& record) {
  switch (record.basis) {
    case AnswerBasis::kNone:
      return Outcome::kWithdrawn;
    case AnswerBasis::kFailureMode:
    case AnswerBasis::kKeptLast:
      return Outcome::kAllowed;
    case AnswerBasis::kVerdict:
      return record.result == DecisionResult::kAllowed ? Outcome::kAllowed : Outcome::kDenied;
    default:
      return Outcome::kDenied;
  }
}

void DecisionMetrics::OnDecisionRecord(const DecisionRecord& record) {
  InstanceCounts& counts = instances_[record.key.client.instance];
  const auto outcome = static_cast<size_t>(OutcomeOf(record));
  ++counts.by_policy[record.policy][outcome][CauseOf(record, kAdmissionCause)];
  if (record.basis == AnswerBasis::kFailureMode) ++counts.failure_mode;
  if (record.basis == AnswerBasis::kKeptLast) ++counts.kept_last;
  if (record.basis == AnswerBasis::kNone) return;
  ++counts
        .answers[record.outcome.has_value() ? static_cast<size_t>(*record.outcome) : kUnconfirmed];
  AddStages(record, counts);
}

void DecisionMetrics::AddStages(const DecisionRecord& record, InstanceCounts& counts) {
  const auto add = [&counts](Stage stage, ovpn::Duration time) {
    counts.stages[static_cast<size_t>(stage)].Add(std::max(time, ovpn::Duration::zero()));
  };
  for (const policy::AttemptRecord& attempt : record.attempt_list) {
    if (attempt.end.has_value()) add(Stage::kAsk, *attempt.end - attempt.begin);
  }
  // With further steps it is the client's time that counts.
  if (record.steps == 0) add(Stage::kDecide, record.latency);
  std::optional<ovpn::Duration> written;
  for (const policy::OpenvpnReply& reply : record.replies) {
    if (reply.outcome == OutcomeResult::kWritten) {
      written = reply.time;
      add(Stage::kWrite, reply.time - record.latency);
    } else if (reply.outcome == OutcomeResult::kVerified && written.has_value()) {
      add(Stage::kEstablish, reply.time - *written);
    }
  }
}

void DecisionMetrics::OnSessionChanged(const ovpn::Session& session, ovpn::SessionChange change) {
  ++instances_[session.client.instance].session_changes[static_cast<size_t>(change)];
}

void DecisionMetrics::Fill(MetricBatch& batch) const {
  constexpr absl::string_view kOutcomes[] = {"allowed", "denied", "withdrawn"};
  constexpr absl::string_view kStages[] = {"ask", "decide", "write", "establish"};
  for (const auto& [instance, counts] : instances_) {
    for (const auto& [policy, outcomes] : counts.by_policy) {
      for (size_t outcome = 0; outcome < kOutcomeCount; ++outcome) {
        for (size_t cause = 0; cause < kCauseCount; ++cause) {
          const uint64_t count = outcomes[outcome][cause];
          if (count == 0) continue;
          batch.Set(Metric::kDecisions,
                    {instance, policy, kOutcomes[outcome], CauseName(cause, kAdmissionCause)},
                    count);
        }
      }
    }
    for (const OutcomeResult result : {OutcomeResult::kWritten, OutcomeResult::kVerified,
                                       OutcomeResult::kMismatched, OutcomeResult::kNotEnforced}) {
      batch.Set(Metric::kAnswers, {instance, absl::AsciiStrToLower(policy::ToString(result))},
                counts.answers[static_cast<size_t>(result)]);
    }
    batch.Set(Metric::kAnswers, {instance, "unconfirmed"}, counts.answers[kUnconfirmed]);
    batch.Set(Metric::kUnjudgedAdmissions, {instance, "failure_mode"}, counts.failure_mode);
    batch.Set(Metric::kUnjudgedAdmissions, {instance, "kept_last"}, counts.kept_last);
    for (size_t i = 0; i < kStageCount; ++i) {
      batch.Set(Metric::kDecisionSeconds, {instance, kStages[i]}, counts.stages[i]);
    }
    for (size_t i = 0; i < kSessionChangeCount; ++i) {
      const auto change = static_cast<ovpn::SessionChange>(i);
      batch.Set(Metric::kSessionChanges, {instance, absl::AsciiStrToLower(ToString(change))},
                counts.session_changes[i]);
    }
  }
}

}  // namespace ovpnbroker::server
