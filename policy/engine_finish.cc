// Answering: the failure rules applied, the answer given, its outcome told, the record emitted.
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "policy/engine.h"

namespace ovpnbroker::policy {
namespace {

void RecordAsker(const DecisionEntry& entry, const Policy* policy, DecisionRecord& record) {
  const ovpn::AuthRequest& request = entry.decision->request();
  record.id = entry.id;
  record.kind = entry.kind;
  record.key = request.key;
  record.session_uid = request.session.uid;
  record.identity = request.session.identity;
  record.receive_time = entry.receive_time;
  if (policy != nullptr) record.policy = std::string(policy->name());
}

void RecordVerdict(const ovpn::Verdict& verdict, DecisionRecord& record) {
  record.result = ResultOf(verdict);
  if (const auto* deny = std::get_if<ovpn::Deny>(&verdict)) {
    record.detail = deny->reason;
    record.code = deny->code;
  } else if (const auto* failure = std::get_if<ovpn::Failure>(&verdict)) {
    record.detail = failure->detail;
    record.violations = failure->violations;
  }
}

}  // namespace

void DecisionEngine::FinishWithFailure(const EntryPtr& entry, ovpn::FailureCause cause,
                                       absl::string_view detail) {
  Finish(entry, FailureReply(cause, detail));
}

void DecisionEngine::Finish(const EntryPtr& entry, PolicyReply&& reply) {
  const ovpn::SteadyTime now = clock_.Now();
  entry->state = DecisionEntry::State::kAnswered;
  entry->verdict_given = !entry->banned && !std::holds_alternative<ovpn::Failure>(reply.verdict);
  table_.Retire(entry, now + limits_.memory_age);

  DecisionRecord& record = entry->record();
  const bool asked = !entry->banned || entry->attempts > 0;
  RecordAsker(*entry, asked ? entry->policy.get() : nullptr, record);
  record.replica = std::move(reply.replica);
  record.policy_revision = reply.policy_revision;
  record.audit_annotations = std::move(reply.audit_annotations);
  record.attempts = entry->attempts;
  record.steps = entry->steps;
  record.latency = now - entry->submit_time;
  stats_.latency.Add(record.latency);

  ++entry->pins;
  const AnswerResult result = GiveVerdict(*entry, reply);
  --entry->pins;
  entry->decision->DropPassword();
  if (result.status == AnswerResult::Status::kGone) {
    TakeOutcome(*entry, OutcomeResult::kNotEnforced, "the client is gone");
  } else if (result.status == AnswerResult::Status::kRejected) {
    TakeOutcome(*entry, OutcomeResult::kNotEnforced, "every answer was refused");
  }
  ReleaseRequest(*entry);
}

// Applies the failure rules to `verdict` and gives the answer; a verdict that is refused becomes a
// failure, to which the rules apply again.
AnswerResult DecisionEngine::GiveVerdict(DecisionEntry& entry, const PolicyReply& reply) {
  const ovpn::Verdict& verdict = reply.verdict;
  const ovpn::AuthRequest& request = entry.decision->request();
  // A policy that put a further step has not let the client in: what admits without a verdict is
  // not for it.
  const bool may_admit = entry.steps == 0;
  const auto give = [&](const ovpn::Verdict& said) {
    const Ruling ruling =
        ApplyFailureRules(entry.kind, said, last_allows_.Age(request.session.uid, clock_.Now()),
                          entry.decision->options().failure, may_admit);
    return Give(entry, ruling.AnswerTo(said), ruling.basis);
  };
  // Before anything else: keep_last must not turn a deny that cannot be written into an allow.
  if (std::holds_alternative<ovpn::Deny>(verdict)) last_allows_.Forget(request.session.uid);
  RecordVerdict(verdict, entry.record());
  // The record may be emitted from inside the call, when its outcome comes there.
  const ovpn::Duration latency = entry.record().latency;
  const bool asked = !entry.banned;
  if (entry.banned) RecordBan(std::get<ovpn::Deny>(verdict), entry.record());
  AnswerResult result = give(verdict);
  ovpn::Verdict refused;
  const ovpn::Verdict* counted = &verdict;
  if (result.status == AnswerResult::Status::kRejected && entry.verdict_given) {
    entry.policy->ReportOutcome(
        entry.id, {OutcomeResult::kRejected, "the verdict was refused", result.violations});
    entry.verdict_given = false;
    refused = ovpn::Failure{ovpn::FailureCause::kInvalidVerdict, "the verdict was refused",
                            std::move(result.violations)};
    counted = &refused;
    RecordVerdict(refused, entry.record());
    result = give(refused);
  }
  // Our own text was refused: say less. If even this fails, the Decision tries once more when it is
  // destroyed, and OpenVPN drops a client that gets no answer.
  if (result.status == AnswerResult::Status::kRejected) {
    result = Give(entry, ovpn::Deny{}, AnswerBasis::kFailureRule);
  }
  if (entry.banned) {
    ++stats_.totals[static_cast<size_t>(DecisionResult::kBanned)];
  } else if (entry.denied_at_admission) {
    ++stats_.totals[static_cast<size_t>(DecisionResult::kDenied)];
  } else {
    ++stats_.totals[static_cast<size_t>(ResultOf(*counted))];
  }
  if (!asked) return result;  // there is no verdict to compare with
  const JudgedRequest judged{entry.id,
                             request,
                             entry.policy != nullptr ? entry.policy->name() : absl::string_view(),
                             reply.policy_revision,
                             *counted,
                             latency,
                             entry.steps};
  for (DecisionObserver* observer : observers_) observer->OnJudged(judged);
  return result;
}

AnswerResult DecisionEngine::Give(DecisionEntry& entry, const ovpn::Verdict& answer,
                                  AnswerBasis basis) {
  const auto* allow = std::get_if<ovpn::Allow>(&answer);
  if (allow != nullptr) {
    if (const Ban* ban = FindBan(entry)) return GiveBan(entry, *ban);
  }
  if (entry.banned) return Settle(entry, answer, AnswerBasis::kBan);
  if (allow == nullptr || admission_ == nullptr) return Settle(entry, answer, basis);
  return GiveAllow(entry, *allow, basis);
}

AnswerResult DecisionEngine::GiveAllow(DecisionEntry& entry, const ovpn::Allow& allow,
                                       AnswerBasis basis) {
  const ovpn::AuthRequest& request = entry.decision->request();
  Admission::Result result = admission_->Admit(request, allow);
  if (auto* violations = std::get_if<std::vector<ovpn::FieldViolation>>(&result)) {
    return AnswerResult::Rejected(std::move(*violations));
  }
  if (const auto* deny = std::get_if<ovpn::Deny>(&result)) {
    if (std::exchange(entry.verdict_given, false)) {
      entry.policy->ReportOutcome(entry.id, {OutcomeResult::kNotEnforced, deny->reason, {}});
    }
    entry.denied_at_admission = true;
    RecordVerdict(*deny, entry.record());
    return Settle(entry, *deny, AnswerBasis::kAdmission);
  }
  const auto& admitted = std::get<Admission::Admitted>(result);
  AnswerResult answer = Settle(entry, admitted.allow, basis);
  if (answer.status == AnswerResult::Status::kQueued) {
    admission_->Commit(request, admitted);
  } else {
    admission_->Abandon(request);
  }
  return answer;
}

// The record is complete before the answer is given: its outcome may come from inside the call.
AnswerResult DecisionEngine::Settle(DecisionEntry& entry, const ovpn::Verdict& answer,
                                    AnswerBasis basis) {
  entry.answer_allows = std::holds_alternative<ovpn::Allow>(answer);
  entry.record().basis = basis;
  entry.record().answer = SummarizeAnswer(answer);
  AnswerResult result = entry.decision->Settle(answer);
  if (result.status == AnswerResult::Status::kQueued) {
    if (entry.state == DecisionEntry::State::kAnswered) {
      std::vector<std::string>& lines = entry.record().lines;
      if (lines.empty()) {
        lines = std::move(result.lines);
      } else {  // behind those of the further steps
        std::move(result.lines.begin(), result.lines.end(), std::back_inserter(lines));
      }
      entry.record().wanted_addresses = std::move(result.wanted_addresses);
    }
    if (basis == AnswerBasis::kFailureMode) ++stats_.failure_mode_allowed;
    if (basis == AnswerBasis::kKeptLast) ++stats_.kept_last;
    if (basis == AnswerBasis::kAdmission) ++stats_.admission_denied;
  }
  return result;
}

void DecisionEngine::TakeOutcome(DecisionEntry& entry, OutcomeResult outcome,
                                 const std::string& detail) {
  // OpenVPN's words for a success say nothing that the outcome does not.
  const std::string note = outcome == OutcomeResult::kWritten ? "" : detail;
  if (entry.verdict_given) entry.policy->ReportOutcome(entry.id, {outcome, note, {}});
  if (entry.state != DecisionEntry::State::kAnswered) return;

  DecisionRecord& record = entry.record();
  record.outcome = outcome;
  record.outcome_detail = note;
  record.replies.push_back({clock_.Now() - entry.submit_time, outcome, detail});
  const bool taken = outcome == OutcomeResult::kWritten || outcome == OutcomeResult::kVerified;
  if (taken && entry.verdict_given && entry.answer_allows && entry.keeps_last_allow) {
    last_allows_.Remember(record.session_uid, clock_.Now());
  } else if (outcome == OutcomeResult::kMismatched) {
    last_allows_.Forget(record.session_uid);
  }
  // Only an allowed CONNECT is followed by ESTABLISHED.
  const bool more_may_come = outcome == OutcomeResult::kWritten && entry.answer_allows &&
                             record.kind == ovpn::AuthKind::kConnect;
  if (!more_may_come) EmitRecord(entry);
}

// Ends an open decision without an answer.
void DecisionEngine::Close(const EntryPtr& entry, CancelReason reason) {
  const ovpn::SteadyTime now = clock_.Now();
  entry->decision->Waive();
  entry->decision->DropPassword();
  entry->state = DecisionEntry::State::kAnswered;
  table_.Retire(entry, now + limits_.memory_age);

  DecisionRecord& record = entry->record();
  RecordAsker(*entry, entry->policy.get(), record);
  record.result = DecisionResult::kWithdrawn;
  record.detail = std::string(ToString(reason));
  record.attempts = entry->attempts;
  record.steps = entry->steps;
  record.latency = now - entry->submit_time;
  ++stats_.totals[static_cast<size_t>(record.result)];
  EmitRecord(*entry);
  CancelOutstanding(*entry, reason);
}

void DecisionEngine::CancelOutstanding(DecisionEntry& entry, CancelReason reason) {
  if (entry.outstanding == 0) return;
  entry.outstanding = 0;
  entry.cancel_reason = reason;
  entry.policy->Cancel(entry.id, reason);
  ReleaseRequest(entry);
}

void DecisionEngine::EmitRecord(DecisionEntry& entry) {
  entry.state = DecisionEntry::State::kFinal;
  const std::unique_ptr<const DecisionRecord> record = entry.TakeRecord();
  for (DecisionObserver* observer : observers_) observer->OnDecisionRecord(*record);
}

void DecisionEngine::VisitUnfinished(
    const std::function<void(const DecisionRecord&, bool open)>& visit) const {
  table_.Visit([&](const DecisionEntry& entry) {
    if (entry.state == DecisionEntry::State::kAnswered) visit(entry.record(), /*open=*/false);
    if (entry.state != DecisionEntry::State::kOpen) return;
    DecisionRecord record = entry.record();
    RecordAsker(entry, entry.policy.get(), record);
    record.attempts = entry.attempts;
    record.steps = entry.steps;
    record.latency = clock_.Now() - entry.submit_time;
    record.detail = entry.awaits_client ? "waits for the client" : "waits for the policy";
    visit(record, /*open=*/true);
  });
}

void DecisionEngine::ForgetExpired(size_t max_count) {
  while (const EntryPtr entry = table_.TakeForgotten(clock_.Now(), max_count)) {
    if (entry->state == DecisionEntry::State::kAnswered) EmitRecord(*entry);
  }
}

void DecisionEngine::CountReply(DecisionEntry& entry) {
  if (entry.outstanding > 0) --entry.outstanding;
}

// Lets the request go once nobody may look at it: the policy keeps references until it replied or
// was cancelled.
void DecisionEngine::ReleaseRequest(DecisionEntry& entry) {
  const bool ended = entry.state != DecisionEntry::State::kOpen;
  if (ended && entry.outstanding == 0 && entry.pins == 0) entry.decision.reset();
}

}  // namespace ovpnbroker::policy
