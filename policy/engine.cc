// Asking: submission, attempts, replies and deadlines. Answering is in engine_finish.cc, the steps
// between in engine_steps.cc.
#include "policy/engine.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "absl/strings/str_cat.h"
#include "policy/engine_parts.h"

namespace ovpnbroker::policy {

DecisionEngine::DecisionEngine(const ovpn::Clock& clock, EngineLimits limits,
                               std::vector<DecisionObserver*> observers)
    : clock_(clock),
      limits_(limits),
      observers_(std::move(observers)),
      self_(std::make_shared<DecisionEngine*>(this)) {}

DecisionEngine::~DecisionEngine() {
  deadline_listener_ = nullptr;
  Shutdown();
  ForgetExpired(0);
}

void DecisionEngine::Submit(Decision&& decision, std::shared_ptr<Policy> policy) {
  const DeadlineUpdate update(*this);
  const EntryPtr previous = table_.FindByClient(decision.request().key.client);
  if (previous != nullptr && previous->state == DecisionEntry::State::kOpen) {
    Close(previous, CancelReason::kSuperseded);
  }

  const bool full = table_.open_count() >= limits_.max_open_decisions ||
                    table_.open_count(decision.request().key.client.instance) >=
                        decision.options().max_open_decisions;
  const auto entry =
      std::make_shared<DecisionEntry>(std::move(decision), std::move(policy), clock_.Now());
  table_.Insert(entry);
  if (DenyIfBanned(entry)) {
    // Nobody is asked.
  } else if (shut_down_) {
    FinishWithFailure(entry, ovpn::FailureCause::kShutdown, "the broker is stopping");
  } else if (full) {
    FinishWithFailure(entry, ovpn::FailureCause::kOverloaded, "too many open decisions");
  } else if (entry->policy == nullptr || !entry->policy->ready()) {
    FinishWithFailure(entry, ovpn::FailureCause::kUnavailable, "no replica is ready");
  } else {
    Dispatch(entry);
  }
  ForgetExpired(limits_.max_remembered_decisions);
}

// A loop and not a recursion: a policy may refuse every attempt from inside Ask.
void DecisionEngine::Dispatch(const EntryPtr& entry) {
  bool ask_again = true;
  while (ask_again) {
    std::optional<PolicyReply> reply = Ask(entry);
    ask_again = reply.has_value() && TakeReply(entry, *std::move(reply), entry->attempts);
  }
  // Only now: a verdict that came at once needs no alarm. What TakeStep has set stays.
  if (entry->state != DecisionEntry::State::kOpen || entry->awaits_client) return;
  table_.Schedule(
      *entry, std::min(entry->deadline, clock_.Now() + entry->decision->options().attempt_timeout));
}

// One attempt. Returns the reply if it came from inside the call and still counts.
std::optional<PolicyReply> DecisionEngine::Ask(const EntryPtr& entry) {
  const ovpn::SteadyTime now = clock_.Now();
  if (entry->attempts > 0) ++stats_.retries;
  ++entry->attempts;
  ++entry->outstanding;
  if (std::exchange(entry->awaits_client, false)) {
    // What was asked before the step, or about an earlier answer, has no say any more.
    entry->first_valid_attempt = entry->attempts;
    entry->last_valid_attempt = std::numeric_limits<int>::max();
  }
  entry->record().attempt_list.push_back({now - entry->submit_time, std::nullopt, "", ""});

  const auto slot = std::make_shared<ReplySlot>();
  slot->engine = self_;
  slot->entry = entry;
  slot->policy = entry->policy;
  slot->decision_id = entry->id;
  slot->attempt = entry->attempts;
  const Inquiry inquiry{.decision_id = entry->id,
                        .attempt = entry->attempts,
                        .request = entry->decision->request(),
                        .timeout = entry->deadline - now,
                        .round = entry->round,
                        .extend = [slot](ovpn::Duration timeout) -> absl::Status {
                          if (const auto engine = slot->engine.lock()) {
                            return (*engine)->Extend(*slot, timeout);
                          }
                          return absl::NotFoundError("the broker has stopped deciding");
                        }};
  std::optional<std::string> exception;
  ++entry->pins;
  try {
    entry->policy->Ask(inquiry, [slot](PolicyReply&& reply) {
      if (const auto engine = slot->engine.lock()) (*engine)->OnReply(*slot, std::move(reply));
    });
  } catch (const std::exception& error) {
    exception = absl::StrCat("the policy threw: ", error.what());
  } catch (...) {
    exception = "the policy threw";
  }
  --entry->pins;
  slot->inside_ask = false;

  const bool threw = exception.has_value();
  if (threw) {
    // Whatever it replied before it threw is not to be trusted.
    if (!std::exchange(slot->replied, true)) CountReply(*entry);
    slot->early_reply = FailureReply(ovpn::FailureCause::kPolicyFailed, *exception);
    NoteReply(*entry, slot->attempt, *slot->early_reply, clock_.Now());
  }
  if (entry->state == DecisionEntry::State::kOpen) return std::move(slot->early_reply);

  // It ended while it was being asked. The policy may have seen the Cancel before it knew the id.
  if (slot->early_reply.has_value() && !threw) ReportLate(*slot);
  if (entry->cancel_reason.has_value()) entry->policy->Cancel(entry->id, *entry->cancel_reason);
  ReleaseRequest(*entry);
  return std::nullopt;
}

void DecisionEngine::OnReply(ReplySlot& slot, PolicyReply&& reply) {
  const DeadlineUpdate update(*this);
  const EntryPtr entry = slot.entry.lock();
  const bool is_step = std::holds_alternative<ovpn::PendingAuth>(reply.verdict);
  const bool valid = entry != nullptr && slot.attempt >= entry->first_valid_attempt &&
                     slot.attempt <= entry->last_valid_attempt;
  const bool second = is_step ? slot.replied : std::exchange(slot.replied, true);
  if (valid && !second && !is_step) CountReply(*entry);
  if (second || !valid || entry->state != DecisionEntry::State::kOpen) {
    ReportLate(slot);
    if (entry != nullptr) ReleaseRequest(*entry);
    return;
  }
  NoteReply(*entry, slot.attempt, reply, clock_.Now());
  if (slot.inside_ask) {
    slot.early_reply = std::move(reply);
    return;
  }
  if (TakeReply(entry, std::move(reply), slot.attempt)) Dispatch(entry);
}

// The replica's words are kept short: a record is for people.
void DecisionEngine::NoteReply(DecisionEntry& entry, int attempt, const PolicyReply& reply,
                               ovpn::SteadyTime now) {
  constexpr size_t kMaxDetailBytes = 200;
  if (entry.state == DecisionEntry::State::kFinal) return;  // the record has gone
  const auto index = static_cast<size_t>(attempt - 1);
  AttemptRecord& noted = entry.record().attempt_list[index];
  noted.end = now - entry.submit_time;
  noted.replica = reply.replica;
  noted.result = std::string(ovpn::VerdictName(reply.verdict));
  if (const auto* failure = std::get_if<ovpn::Failure>(&reply.verdict)) {
    absl::StrAppend(&noted.result, " ", ToString(failure->cause));
    if (!failure->detail.empty()) {
      absl::StrAppend(&noted.result, ": ", failure->detail.substr(0, kMaxDetailBytes));
    }
  }
}

// Returns true when the decision is to be asked again at once.
bool DecisionEngine::TakeReply(const EntryPtr& entry, PolicyReply&& reply, int attempt) {
  if (const auto* step = std::get_if<ovpn::PendingAuth>(&reply.verdict)) {
    TakeStep(entry, *step, attempt);
    return false;
  }
  if (const auto* failure = std::get_if<ovpn::Failure>(&reply.verdict)) {
    // Another attempt may still bring a verdict; its timer or the deadline goes on.
    if (entry->outstanding > 0) return false;
    if (failure->cause == ovpn::FailureCause::kUnavailable && MayAskAgain(*entry)) return true;
  }
  Finish(entry, std::move(reply));
  // Another attempt was faster. The request is not kept for the ones that still wait.
  CancelOutstanding(*entry, CancelReason::kTimedOut);
  return false;
}

bool DecisionEngine::MayAskAgain(const DecisionEntry& entry) const {
  const EngineOptions& options = entry.decision->options();
  return entry.attempts - entry.attempts_before_round < options.max_attempts &&
         entry.deadline - clock_.Now() >= options.min_retry_budget && entry.policy->ready();
}

void DecisionEngine::OnDeadline() {
  const DeadlineUpdate update(*this);
  while (const EntryPtr entry = table_.TakeDue(clock_.Now())) OnDue(entry);
  ForgetExpired(limits_.max_remembered_decisions);
}

void DecisionEngine::OnDue(const EntryPtr& entry) {
  const ovpn::SteadyTime now = clock_.Now();
  if (now >= entry->deadline && entry->awaits_client) {
    OnStepTimedOut(entry);
  } else if (now >= entry->deadline) {
    FinishWithFailure(entry, ovpn::FailureCause::kTimeout,
                      absl::StrCat("no verdict after ", entry->attempts, " attempts"));
    CancelOutstanding(*entry, CancelReason::kTimedOut);
  } else if (MayAskAgain(*entry) && !entry->extended) {
    Dispatch(entry);
  } else {
    const ovpn::Duration attempt_timeout = entry->decision->options().attempt_timeout;
    table_.Schedule(*entry, std::min(entry->deadline, now + attempt_timeout));
  }
}

void DecisionEngine::ReportLate(const ReplySlot& slot) {
  ++stats_.late_replies;
  if (const auto policy = slot.policy.lock()) {
    policy->ReportOutcome(slot.decision_id, {OutcomeResult::kLate, "the decision had ended", {}});
  }
}

void DecisionEngine::Withdraw(const ovpn::KeyRef& key, CancelReason reason) {
  const DeadlineUpdate update(*this);
  const EntryPtr entry = table_.FindByKey(key);
  if (entry != nullptr && entry->state == DecisionEntry::State::kOpen) Close(entry, reason);
}

void DecisionEngine::OnAnswerOutcome(const ovpn::KeyRef& key, OutcomeResult outcome,
                                     const std::string& detail,
                                     std::vector<std::string> got_addresses) {
  const DeadlineUpdate update(*this);
  const EntryPtr entry = table_.FindByKey(key);
  if (entry == nullptr) return;
  if (entry->state != DecisionEntry::State::kOpen) {
    if (entry->state == DecisionEntry::State::kAnswered && !got_addresses.empty()) {
      entry->record().got_addresses = std::move(got_addresses);
    }
    TakeOutcome(*entry, outcome, detail);
  } else if (entry->awaits_client && outcome == OutcomeResult::kNotEnforced) {
    entry->policy->ReportOutcome(entry->id, {outcome, detail, {}});
    FinishWithFailure(entry, ovpn::FailureCause::kInvalidVerdict,
                      absl::StrCat("OpenVPN did not take the further step: ", detail));
    CancelOutstanding(*entry, CancelReason::kTimedOut);
  }
}

void DecisionEngine::OnSessionEnded(const ovpn::ClientRef& client, const ovpn::SessionUid& uid) {
  const DeadlineUpdate update(*this);
  last_allows_.Forget(uid);
  const EntryPtr entry = table_.FindByClient(client);
  if (entry == nullptr) return;
  if (entry->state == DecisionEntry::State::kOpen) {
    Close(entry, CancelReason::kClientGone);
  } else if (entry->state == DecisionEntry::State::kAnswered) {
    EmitRecord(*entry);
  }
}

void DecisionEngine::Shutdown() {
  const DeadlineUpdate update(*this);
  shut_down_ = true;
  while (const EntryPtr entry = table_.AnyOpen()) {
    FinishWithFailure(entry, ovpn::FailureCause::kShutdown, "the broker is stopping");
    CancelOutstanding(*entry, CancelReason::kInstanceStopped);
  }
}

void DecisionEngine::SetDeadlineListener(
    std::function<void(std::optional<ovpn::SteadyTime>)> listener) {
  deadline_listener_ = std::move(listener);
  if (deadline_listener_ != nullptr) deadline_listener_(NextDeadline());
}

EngineStats DecisionEngine::Stats() const {
  EngineStats stats = stats_;
  stats.open = table_.open_count();
  stats.remembered = table_.remembered_count();
  return stats;
}

}  // namespace ovpnbroker::policy
