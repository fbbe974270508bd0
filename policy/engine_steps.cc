// Further steps: what a client has to do before its policy decides, and more time for a policy that
// needs it.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "policy/engine_parts.h"

namespace ovpnbroker::policy {
namespace {

constexpr absl::string_view kStepTimedOutCode = "STEP_TIMED_OUT";

ovpn::Deny StepTimedOut() {
  return {.reason = "the client did not take the further step in time",
          .client_reason = "authentication timed out",
          .code = std::string(kStepTimedOutCode)};
}

}  // namespace

// The policy wants one more thing from the client. The decision stays open: for a verdict that the
// policy sends by itself, and for the client's response, until the time that OpenVPN grants is
// over.
void DecisionEngine::TakeStep(const EntryPtr& entry, const ovpn::PendingAuth& step, int attempt) {
  AnswerResult result;
  if (entry->steps >= entry->decision->options().max_steps) {
    result = AnswerResult::Rejected(
        {{"pending_auth", absl::StrCat("at most ", entry->decision->options().max_steps,
                                       " further steps are put in one decision")}});
  } else {
    ++entry->pins;
    result = entry->decision->PutStep(step);
    --entry->pins;
  }
  if (entry->state != DecisionEntry::State::kOpen) return ReleaseRequest(*entry);

  switch (result.status) {
    case AnswerResult::Status::kGone:
      return Close(entry, CancelReason::kClientGone);
    case AnswerResult::Status::kRejected:
      entry->policy->ReportOutcome(
          entry->id, {OutcomeResult::kRejected, "the further step was refused", result.violations});
      Finish(entry, {ovpn::Failure{ovpn::FailureCause::kInvalidVerdict,
                                   "the further step was refused", std::move(result.violations)},
                     "",
                     "",
                     {}});
      return CancelOutstanding(*entry, CancelReason::kTimedOut);
    case AnswerResult::Status::kQueued:
      break;
  }
  ++entry->steps;
  ++stats_.steps;
  entry->record().lines.insert(entry->record().lines.end(), result.lines.begin(),
                               result.lines.end());
  entry->awaits_client = true;
  entry->first_valid_attempt = attempt;
  entry->last_valid_attempt = attempt;
  entry->outstanding = 1;
  entry->deadline = clock_.Now() + result.granted;
  table_.Schedule(*entry, entry->deadline);
}

void DecisionEngine::Continue(ovpn::AuthRequest response) {
  const DeadlineUpdate update(*this);
  const EntryPtr entry = table_.FindByKey(response.key);
  if (entry == nullptr || entry->state != DecisionEntry::State::kOpen || !entry->awaits_client) {
    return;
  }
  ++entry->round;
  entry->attempts_before_round = entry->attempts;
  entry->outstanding = 0;
  entry->extended = false;
  entry->deadline =
      std::min(entry->deadline, clock_.Now() + entry->decision->options().decision_timeout);
  entry->decision->Continue(std::move(response));
  if (DenyIfBanned(entry)) return entry->policy->Cancel(entry->id, CancelReason::kTimedOut);
  if (!entry->policy->ready()) {
    FinishWithFailure(entry, ovpn::FailureCause::kUnavailable, "no replica is ready");
    return entry->policy->Cancel(entry->id, CancelReason::kTimedOut);
  }
  Dispatch(entry);
}

// The policy has said that the client is not in yet, so this is a deny and no failure: failure
// rules that admit are not for it.
void DecisionEngine::OnStepTimedOut(const EntryPtr& entry) {
  Finish(entry, {StepTimedOut(), "", "", {}});
  entry->verdict_given = false;  // by us: its outcome is not the policy's
  CancelOutstanding(*entry, CancelReason::kTimedOut);
}

absl::Status DecisionEngine::Extend(const ReplySlot& slot, ovpn::Duration timeout) {
  const DeadlineUpdate update(*this);
  const EntryPtr entry = slot.entry.lock();
  if (entry == nullptr || entry->state != DecisionEntry::State::kOpen || entry->awaits_client ||
      slot.attempt < entry->first_valid_attempt) {
    return absl::NotFoundError("the decision does not wait for this policy");
  }
  const std::optional<ovpn::Duration> maximum = entry->decision->options().max_decision_timeout;
  if (!maximum.has_value()) {
    return absl::FailedPreconditionError(
        "this instance grants no more time (decision.max_timeout)");
  }
  if (entry->extended) return absl::FailedPreconditionError("a decision is extended only once");
  if (timeout <= ovpn::Duration::zero()) {
    return absl::InvalidArgumentError("timeout must be positive");
  }
  entry->extended = true;
  const ovpn::SteadyTime limit = entry->submit_time + *maximum;
  entry->deadline = std::max(entry->deadline, std::min(clock_.Now() + timeout, limit));
  table_.Schedule(*entry, entry->deadline);
  return absl::OkStatus();
}

}  // namespace ovpnbroker::policy
