#include "policy/stream/outcome_codec.h"

#include "ovpn/base/utf8.h"
#include "policy/stream/status_codec.h"

namespace ovpnbroker::policy {
namespace {

v1::DecisionCancellation::Reason ReasonToProto(CancelReason reason) {
  switch (reason) {
    case CancelReason::kClientGone:
      return v1::DecisionCancellation::REASON_CLIENT_GONE;
    case CancelReason::kTimedOut:
      return v1::DecisionCancellation::REASON_TIMED_OUT;
    case CancelReason::kSuperseded:
      return v1::DecisionCancellation::REASON_SUPERSEDED;
    case CancelReason::kInstanceStopped:
      return v1::DecisionCancellation::REASON_INSTANCE_STOPPED;
  }
  return v1::DecisionCancellation::REASON_UNSPECIFIED;
}

v1::DecisionOutcome::Result ResultToProto(OutcomeResult result) {
  switch (result) {
    case OutcomeResult::kWritten:
      return v1::DecisionOutcome::RESULT_WRITTEN;
    case OutcomeResult::kVerified:
      return v1::DecisionOutcome::RESULT_VERIFIED;
    case OutcomeResult::kMismatched:
      return v1::DecisionOutcome::RESULT_MISMATCHED;
    case OutcomeResult::kRejected:
      return v1::DecisionOutcome::RESULT_REJECTED;
    case OutcomeResult::kLate:
      return v1::DecisionOutcome::RESULT_LATE;
    case OutcomeResult::kNotEnforced:
      return v1::DecisionOutcome::RESULT_NOT_ENFORCED;
  }
  return v1::DecisionOutcome::RESULT_UNSPECIFIED;
}

}  // namespace

v1::DecisionCancellation CancellationToProto(const ovpn::DecisionId& decision_id,
                                             CancelReason reason) {
  v1::DecisionCancellation message;
  message.set_decision_id(decision_id);
  message.set_reason(ReasonToProto(reason));
  return message;
}

v1::DecisionOutcome OutcomeToProto(const ovpn::DecisionId& decision_id, const Outcome& outcome) {
  v1::DecisionOutcome message;
  message.set_decision_id(decision_id);
  message.set_result(ResultToProto(outcome.result));
  if (!outcome.violations.empty()) {
    *message.mutable_status() = MakeViolationStatus(outcome.violations);
  } else if (!outcome.message.empty()) {
    message.mutable_status()->set_message(ovpn::ReplaceInvalidUtf8(outcome.message));
  }
  return message;
}

}  // namespace ovpnbroker::policy
