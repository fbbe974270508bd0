#include "policy/stream/replica_set.h"

#include <algorithm>
#include <iterator>
#include <optional>

#include "absl/strings/str_cat.h"
#include "policy/stream/request_wire.h"
#include "policy/stream/verdict_codec.h"

namespace ovpnbroker::policy {
namespace {

PasswordAccess AccessOf(const StreamPolicyOptions& options, const StreamTerms& terms) {
  if (terms.send_password) return PasswordAccess::kShown;
  if (options.mode == StreamMode::kShadow) return PasswordAccess::kShadow;
  return options.grant_password ? PasswordAccess::kNotRequested : PasswordAccess::kNotGranted;
}

}  // namespace

ReplicaSet::ReplicaSet(asio::io_context& loop, const ovpn::Clock& clock, ovpn::Logger& logger,
                       StreamPolicyOptions options, std::shared_ptr<LiveStreams> live_streams)
    : loop_(loop),
      clock_(clock),
      logger_(logger),
      options_(std::move(options)),
      live_streams_(std::move(live_streams)),
      memory_(StreamLimits::kMaxRememberedDecisions) {
  if (options_.grant_commands && options_.sessions != nullptr)
    commands_.emplace(options_, clock_, logger_);
}

absl::Status ReplicaSet::Start() {
  roster_ = std::make_unique<ReplicaRoster>(Replica::Context{.loop = loop_,
                                                             .clock = clock_,
                                                             .logger = logger_,
                                                             .options = options_,
                                                             .counters = counters_,
                                                             .listener = *this,
                                                             .live_streams = live_streams_,
                                                             .owner = weak_from_this()});
  return roster_->Start();
}

absl::Status ReplicaSet::DrainReplica(const std::string& address) {
  const absl::Status status = roster_->DrainReplica(address);
  if (!ready()) FailQueued("no replica is ready");
  return status;
}

absl::Status ReplicaSet::ResumeReplica(const std::string& address) {
  return roster_->ResumeReplica(address);
}

void ReplicaSet::Ask(const Inquiry& inquiry, Policy::ReplyCallback reply) {
  const ovpn::DecisionId& id = inquiry.decision_id;
  OpenDecision& decision = open_[id];
  decision.request = &inquiry.request;
  decision.attempt = inquiry.attempt;
  decision.round = inquiry.round;
  decision.dry_run = inquiry.dry_run;
  decision.extend = inquiry.extend;
  if (!decision.queued.empty()) {
    decision.queued.push_back(std::move(reply));
    return;
  }
  decision.deadline = clock_.Now() + inquiry.timeout;
  if (ContinueDialogue(id, decision, reply)) return;
  Replies replies;
  replies.push_back(std::move(reply));
  const bool is_hedge = !decision.holders.empty();
  if (is_hedge) {
    NoteLate(decision);
    if (!hedges_.allows()) {
      ++counters_.hedges_withheld;
    } else if (Dispatch(id, decision, replies)) {
      hedges_.OnHedge();
      ++counters_.hedges;
      return;
    }
  } else {
    hedges_.OnDecision();
    if (Dispatch(id, decision, replies)) return;
  }

  PolicyReply failure;
  if (!decision.holders.empty()) {
    // Nobody else to ask: the answer of whoever was asked before counts for this attempt too.
    std::move(replies.begin(), replies.end(), std::back_inserter(decision.holders.back().replies));
    return;
  } else if (!ready()) {
    failure = FailureReply(ovpn::FailureCause::kUnavailable, "no replica is ready");
  } else if (decision.dry_run) {
    failure = FailureReply(ovpn::FailureCause::kOverloaded, "every replica is full");
  } else if (queue_.size() >= options_.max_queued) {
    ++counters_.overloads;
    if (!std::exchange(queue_was_full_, true)) {
      logger_.Warning("POLICY_QUEUE_FULL", "every replica is full and so is the wait queue",
                      {{"policy", options_.name}, {"queued", queue_.size()}});
    }
    failure = FailureReply(ovpn::FailureCause::kOverloaded, "the wait queue is full");
  } else {
    queue_.emplace(decision.deadline, id);
    decision.queued = std::move(replies);
    return;
  }
  open_.erase(id);
  for (const Policy::ReplyCallback& waiting : replies) waiting(failure);
}

// The client's response goes to the replica that put the question, as long as it is there. True
// when it was sent; what the question's own attempt waited for is void then.
bool ReplicaSet::ContinueDialogue(const ovpn::DecisionId& decision_id, OpenDecision& decision,
                                  Policy::ReplyCallback& reply) {
  if (decision.holders.size() != 1) return false;
  Replica& replica = *decision.holders.front().replica;
  if (!replica.parked(decision_id)) return false;
  if (replica.ready() && Send(decision_id, decision, replica)) {
    decision.holders.front() = {.replica = &replica, .replies = {std::move(reply)}};
    return true;
  }
  replica.SendCancellation(decision_id, CancelReason::kTimedOut);
  decision.holders.clear();
  return false;
}

// The ready replica with the fewest in flight that does not hold the decision already; equal ones
// take turns. One with an open circuit only when there is no other. A REAUTH and the answer to a
// challenge go to the one that decided last, if it can.
Replica* ReplicaSet::Pick(const OpenDecision& decision) {
  const std::vector<std::unique_ptr<Replica>>& replicas = roster_->all();
  const auto is_candidate = [&decision](const Replica& replica) {
    return replica.ready() && (!decision.dry_run || replica.terms().dry_run) &&
           std::none_of(decision.holders.begin(), decision.holders.end(),
                        [&replica](const Holder& holder) { return holder.replica == &replica; });
  };
  const bool trusted_only =
      std::any_of(replicas.begin(), replicas.end(), [&is_candidate](const auto& replica) {
        return is_candidate(*replica) && replica->trusted();
      });
  const auto can_take = [&is_candidate, trusted_only](const Replica& replica) {
    return is_candidate(replica) && !replica.full() && (replica.trusted() || !trusted_only);
  };
  if (decision.request->kind != ovpn::AuthKind::kConnect) {
    Replica* last = roster_->Find(memory_.Find(decision.request->session.last_decision_id));
    if (last != nullptr && can_take(*last)) return last;
  }
  Replica* best = nullptr;
  size_t best_turn = 0;
  for (size_t i = 0; i < replicas.size(); ++i) {
    const size_t turn = (next_turn_ + i) % replicas.size();
    Replica& replica = *replicas[turn];
    if (!can_take(replica)) continue;
    if (best != nullptr && replica.in_flight() >= best->in_flight()) continue;
    best = &replica;
    best_turn = turn;
  }
  if (best != nullptr) next_turn_ = best_turn + 1;
  return best;
}

bool ReplicaSet::Send(const ovpn::DecisionId& decision_id, const OpenDecision& decision,
                      Replica& replica) {
  const RequestHead head{.decision_id = decision_id,
                         .attempt = decision.attempt,
                         .round = decision.round,
                         .dry_run = decision.dry_run,
                         .timeout = decision.deadline - clock_.Now()};
  return replica.SendRequest(decision_id,
                             WriteDecisionRequest(head, *decision.request, replica.terms()));
}

// Sends the decision to a replica that can take it; `replies` move there. False when there is none.
bool ReplicaSet::Dispatch(const ovpn::DecisionId& decision_id, OpenDecision& decision,
                          Replies& replies) {
  // A replica that cannot be written to is not ready any more, so this ends.
  while (Replica* replica = Pick(decision)) {
    if (Send(decision_id, decision, *replica)) {
      decision.holders.push_back({.replica = replica, .replies = std::move(replies)});
      return true;
    }
  }
  return false;
}

void ReplicaSet::NoteLate(OpenDecision& decision) {
  for (Holder& holder : decision.holders) {
    if (!std::exchange(holder.late, true)) holder.replica->NoteFailed();
  }
}

void ReplicaSet::DispatchQueued() {
  while (!queue_.empty()) {
    const ovpn::DecisionId id = queue_.begin()->second;
    OpenDecision& decision = open_.at(id);
    if (!Dispatch(id, decision, decision.queued)) return;
    decision.queued.clear();
    queue_.erase(queue_.begin());
    queue_was_full_ = false;
  }
}

void ReplicaSet::Cancel(const ovpn::DecisionId& decision_id, CancelReason reason) {
  const auto found = open_.find(decision_id);
  if (found == open_.end()) return;
  OpenDecision decision = std::move(found->second);
  open_.erase(found);
  if (reason == CancelReason::kTimedOut && !decision.dry_run) NoteLate(decision);
  if (!decision.queued.empty()) queue_.erase({decision.deadline, decision_id});
  for (const Holder& holder : decision.holders) {
    holder.replica->SendCancellation(decision_id, reason);
  }
  DispatchQueued();
}

void ReplicaSet::ReportOutcome(const ovpn::DecisionId& decision_id, const Outcome& outcome) {
  Replica* const replica = roster_->Find(memory_.Find(decision_id));
  if (replica != nullptr) replica->SendOutcome(decision_id, outcome);
}

bool ReplicaSet::takes_dry_runs() const {
  const auto& replicas = roster_->all();
  return std::any_of(replicas.begin(), replicas.end(), [](const auto& replica) {
    return replica->ready() && replica->terms().dry_run;
  });
}

bool ReplicaSet::ready() const {
  const auto& replicas = roster_->all();
  return std::any_of(replicas.begin(), replicas.end(),
                     [](const auto& replica) { return replica->ready(); });
}

void ReplicaSet::Drain() {
  roster_->DrainAll();
  FailQueued("the broker is stopping");
}

void ReplicaSet::Close() {
  open_.clear();
  queue_.clear();
  roster_->Close();
}

std::vector<ReplicaStatus> ReplicaSet::Replicas() const {
  std::vector<ReplicaStatus> statuses;
  statuses.reserve(roster_->all().size());
  for (const auto& replica : roster_->all()) statuses.push_back(replica->Status());
  return statuses;
}

void ReplicaSet::OnReplicaReady(Replica& replica) {
  roster_->OnReady(replica);
  DispatchQueued();
}

void ReplicaSet::OnReplicaAged(Replica& replica) { roster_->OnAged(replica); }

void ReplicaSet::OnDecision(Replica& replica, const v1::Decision& message) {
  const ovpn::DecisionId& id = message.decision_id();
  const auto found = open_.find(id);
  if (found == open_.end()) return;
  PolicyReply reply{.verdict = VerdictFromProto(message, replica.terms()),
                    .policy_revision = replica.revision(),
                    .replica = replica.address(),
                    .audit_annotations = AnnotationsFromProto(message),
                    .password_access = AccessOf(options_, replica.terms())};
  if (std::holds_alternative<ovpn::PendingAuth>(reply.verdict)) {
    return TakeStep(replica, id, found->second, std::move(reply));
  }
  const OpenDecision decision = std::move(found->second);
  open_.erase(found);
  const Policy::ReplyCallback* answered = nullptr;
  bool in_time = false;
  for (const Holder& holder : decision.holders) {
    if (holder.replica == &replica) {
      // All of its replies ask about one decision: the first that hears of the verdict settles it.
      answered = &holder.replies.front();
      in_time = !holder.late;
    } else {
      // Another replica was faster.
      holder.replica->SendCancellation(id, CancelReason::kTimedOut);
    }
  }
  if (answered == nullptr) return;
  if (decision.dry_run) {
    (*answered)(std::move(reply));
    return DispatchQueued();
  }

  const auto* failure = std::get_if<ovpn::Failure>(&reply.verdict);
  if (failure != nullptr && failure->cause == ovpn::FailureCause::kInvalidVerdict) {
    ++counters_.invalid_verdicts;
    replica.SendOutcome(id, {OutcomeResult::kRejected, failure->detail, failure->violations});
  } else {
    memory_.Remember(id, replica.address());
  }
  if (failure != nullptr && failure->cause == ovpn::FailureCause::kPolicyFailed) {
    replica.NoteFailed();
  } else if (in_time) {
    replica.NoteAnswered();
  }
  (*answered)(std::move(reply));
  DispatchQueued();
}

void ReplicaSet::OnCommand(Replica& replica, const v1::Command& command,
                           std::function<void(const google::rpc::Status&)> answer) {
  commands_->Execute(command, replica.address(), std::move(answer));
}

// The decision stays with the replica that put the step, and with nobody else.
void ReplicaSet::TakeStep(Replica& replica, const ovpn::DecisionId& decision_id,
                          OpenDecision& decision, PolicyReply reply) {
  std::vector<Holder> holders = std::exchange(decision.holders, {});
  for (Holder& holder : holders) {
    if (holder.replica == &replica) {
      decision.holders.push_back(std::move(holder));
    } else {
      holder.replica->SendCancellation(decision_id, CancelReason::kTimedOut);
    }
  }
  if (decision.holders.empty()) return EraseIfIdle(decision_id);
  if (!decision.queued.empty()) {
    // A retry that found no replica with room has become pointless.
    queue_.erase({decision.deadline, decision_id});
    decision.queued.clear();
  }
  replica.Park(decision_id);
  if (!decision.dry_run) {
    memory_.Remember(decision_id, replica.address());
    replica.NoteAnswered();
  }
  const Policy::ReplyCallback answered = decision.holders.front().replies.front();
  answered(std::move(reply));
  DispatchQueued();
}

absl::Status ReplicaSet::OnDeadlineExtension(Replica& /*replica*/,
                                             const ovpn::DecisionId& decision_id,
                                             ovpn::Duration timeout) {
  const auto found = open_.find(decision_id);
  if (found == open_.end() || found->second.extend == nullptr) {
    return absl::NotFoundError("the decision is not open");
  }
  return found->second.extend(timeout);
}

void ReplicaSet::OnReplicaLost(Replica& replica,
                               const absl::flat_hash_set<ovpn::DecisionId>& open) {
  roster_->OnLost(replica);
  Replies lost;
  for (const ovpn::DecisionId& id : open) {
    const auto found = open_.find(id);
    if (found == open_.end()) continue;
    std::vector<Holder>& holders = found->second.holders;
    for (auto holder = holders.begin(); holder != holders.end(); ++holder) {
      if (holder->replica != &replica) continue;
      std::move(holder->replies.begin(), holder->replies.end(), std::back_inserter(lost));
      holders.erase(holder);
      break;
    }
    EraseIfIdle(id);
  }
  const PolicyReply failure =
      FailureReply(ovpn::FailureCause::kUnavailable,
                   absl::StrCat("the stream to ", replica.address(), " was lost"));
  for (const Policy::ReplyCallback& reply : lost) reply(failure);
  if (!ready()) FailQueued("no replica is ready");
}

void ReplicaSet::FailQueued(absl::string_view detail) {
  Replies failed;
  for (const auto& [deadline, id] : std::exchange(queue_, {})) {
    Replies& queued = open_.at(id).queued;
    std::move(queued.begin(), queued.end(), std::back_inserter(failed));
    queued.clear();
    EraseIfIdle(id);
  }
  const PolicyReply failure = FailureReply(ovpn::FailureCause::kUnavailable, detail);
  for (const Policy::ReplyCallback& reply : failed) reply(failure);
}

void ReplicaSet::EraseIfIdle(const ovpn::DecisionId& decision_id) {
  const auto found = open_.find(decision_id);
  if (found != open_.end() && found->second.holders.empty() && found->second.queued.empty()) {
    open_.erase(found);
  }
}

}  // namespace ovpnbroker::policy
