// The decision engine: takes the obligation to answer, asks the policy, asks again when it is slow
// or its replica died, denies by the failure rules when no verdict comes, and tells the policy what
// became of its verdict. A state machine on a Clock: policy/engine_timer.h gives it an alarm on the
// loop. Owned by the broker; loop thread only.
//
//   OPEN --Ask--> DISPATCHED(n) --verdict or failure--> ANSWERED --outcome--> FINAL
//   DISPATCHED(n) --PendingAuth--> STEP --the client's answer, Continue--> DISPATCHED(n + 1)
//   STEP --verdict, or no answer in time--> ANSWERED
//   OPEN, DISPATCHED(n) --Withdraw, newer key--> FINAL without an answer
//
// Every way out of DISPATCHED but a withdrawal settles the Decision. Every decision gives its
// observers one record when it becomes FINAL, and is remembered for a while (EngineLimits) so that
// a late reply is told from an unknown one.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "ovpn/base/clock.h"
#include "ovpn/base/ids.h"
#include "ovpn/types/verdict.h"
#include "policy/admission.h"
#include "policy/ban_list.h"
#include "policy/decision.h"
#include "policy/decision_record.h"
#include "policy/decision_table.h"
#include "policy/engine_options.h"
#include "policy/engine_stats.h"
#include "policy/last_allows.h"
#include "policy/policy.h"

namespace ovpnbroker::policy {

class DecisionEngine {
 public:
  // `clock` and every observer outlive the engine.
  DecisionEngine(const ovpn::Clock& clock, EngineLimits limits,
                 std::vector<DecisionObserver*> observers);
  // As Shutdown.
  ~DecisionEngine();
  DecisionEngine(const DecisionEngine&) = delete;
  DecisionEngine& operator=(const DecisionEngine&) = delete;

  // Every allow goes through `admission` from now on; it outlives the engine.
  void SetAdmission(Admission* admission) { admission_ = admission; }
  // Nobody in `bans` gets in from now on; it outlives the engine.
  void SetBans(const BanList* bans) { bans_ = bans; }

  // Gets an answer to `decision` from `policy`; null counts as unavailable. A decision of the same
  // client that is still open is superseded. May settle the decision before it returns.
  void Submit(Decision&& decision, std::shared_ptr<Policy> policy);
  // The client has answered the question of a further step (AuthKind::kChallengeResponse): the
  // policy is asked about the answer. Ignored when no decision waits for it.
  void Continue(ovpn::AuthRequest response);
  // The question is void: closes the decision without an answer. Unknown keys are ignored.
  void Withdraw(const ovpn::KeyRef& key, CancelReason reason);
  // What OpenVPN made of the answer: kWritten or kNotEnforced first, then perhaps kVerified or
  // kMismatched. Unknown keys are ignored.
  // With the last two, `got_addresses` are the tunnel addresses that OpenVPN learned.
  void OnAnswerOutcome(const ovpn::KeyRef& key, OutcomeResult outcome, const std::string& detail,
                       std::vector<std::string> got_addresses = {});
  // The session is over: withdraws its open decision, closes its last record, forgets its allow.
  void OnSessionEnded(const ovpn::ClientRef& client, const ovpn::SessionUid& uid);

  // Denies every open decision and every later one. Idempotent.
  void Shutdown();

  // When OnDeadline wants to be called; nullopt: not at all.
  std::optional<ovpn::SteadyTime> NextDeadline() const { return table_.NextDeadline(); }
  // Retries, times out and forgets what is due. Early calls do nothing.
  void OnDeadline();
  // `listener` is called with NextDeadline() after each call that may have moved it.
  void SetDeadlineListener(std::function<void(std::optional<ovpn::SteadyTime>)> listener);

  EngineStats Stats() const;
  // The decisions that have given no record yet, in no order: the record as far as it goes. `open`:
  // no answer was given; `latency` is the time so far then, `detail` says who keeps it waiting, and
  // `result` means nothing.
  void VisitUnfinished(const std::function<void(const DecisionRecord&, bool open)>& visit) const;

 private:
  using EntryPtr = DecisionTable::EntryPtr;
  class DeadlineUpdate;
  struct ReplySlot;

  // engine.cc: asking
  void Dispatch(const EntryPtr& entry);
  std::optional<PolicyReply> Ask(const EntryPtr& entry);
  void OnReply(ReplySlot& slot, PolicyReply&& reply);
  static void NoteReply(DecisionEntry& entry, int attempt, const PolicyReply& reply,
                        ovpn::SteadyTime now);
  bool TakeReply(const EntryPtr& entry, PolicyReply&& reply, int attempt);
  bool MayAskAgain(const DecisionEntry& entry) const;
  void OnDue(const EntryPtr& entry);
  void ReportLate(const ReplySlot& slot);

  // engine_steps.cc: further steps of the client, and more time for the policy
  void TakeStep(const EntryPtr& entry, const ovpn::PendingAuth& step, int attempt);
  void OnStepTimedOut(const EntryPtr& entry);
  absl::Status Extend(const ReplySlot& slot, ovpn::Duration timeout);

  // engine_bans.cc: who is denied whatever a policy says
  const Ban* FindBan(const DecisionEntry& entry) const;
  bool DenyIfBanned(const EntryPtr& entry);
  AnswerResult GiveBan(DecisionEntry& entry, const Ban& ban);
  static void RecordBan(const ovpn::Deny& deny, DecisionRecord& record);

  // engine_finish.cc: answering and what follows
  void FinishWithFailure(const EntryPtr& entry, ovpn::FailureCause cause, absl::string_view detail);
  void Finish(const EntryPtr& entry, PolicyReply&& reply);
  AnswerResult GiveVerdict(DecisionEntry& entry, const PolicyReply& reply);
  AnswerResult Give(DecisionEntry& entry, const ovpn::Verdict& answer, AnswerBasis basis);
  AnswerResult GiveAllow(DecisionEntry& entry, const ovpn::Allow& allow, AnswerBasis basis);
  AnswerResult Settle(DecisionEntry& entry, const ovpn::Verdict& answer, AnswerBasis basis);
  void TakeOutcome(DecisionEntry& entry, OutcomeResult outcome, const std::string& detail);
  void Close(const EntryPtr& entry, CancelReason reason);
  void CancelOutstanding(DecisionEntry& entry, CancelReason reason);
  void EmitRecord(DecisionEntry& entry);
  void ForgetExpired(size_t max_count);
  static void CountReply(DecisionEntry& entry);
  static void ReleaseRequest(DecisionEntry& entry);

  const ovpn::Clock& clock_;
  const EngineLimits limits_;
  const std::vector<DecisionObserver*> observers_;
  DecisionTable table_;
  LastAllows last_allows_;
  Admission* admission_ = nullptr;
  const BanList* bans_ = nullptr;
  EngineStats stats_;
  std::function<void(std::optional<ovpn::SteadyTime>)> deadline_listener_;
  int call_depth_ = 0;  // the listener hears of the outermost call only
  bool shut_down_ = false;
  // Replies find out through a weak pointer that the engine is gone.
  std::shared_ptr<DecisionEngine*> self_;
};

}  // namespace ovpnbroker::policy
