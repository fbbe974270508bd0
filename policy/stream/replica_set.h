// Gives each decision to one of a policy's replicas: the ready one with the fewest in flight,
// another one for a retry. While all ready ones are full, decisions wait in order of their
// deadlines. Owned by a StreamPolicy, and by the event that is being handled, so that a reply may
// let go of the policy. Loop thread only.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "policy/policy.h"
#include "policy/stream/command_desk.h"
#include "policy/stream/decision_memory.h"
#include "policy/stream/hedge_budget.h"
#include "policy/stream/replica.h"
#include "policy/stream/replica_roster.h"

namespace ovpnbroker::policy {

class ReplicaSet final : public ReplicaListener, public std::enable_shared_from_this<ReplicaSet> {
 public:
  // References outlive the set.
  ReplicaSet(asio::io_context& loop, const ovpn::Clock& clock, ovpn::Logger& logger,
             StreamPolicyOptions options, std::shared_ptr<LiveStreams> live_streams);

  // See ReplicaRoster.
  absl::Status Start();
  absl::Status DrainReplica(const std::string& address);
  absl::Status ResumeReplica(const std::string& address);
  // See Policy.
  void Ask(const Inquiry& inquiry, Policy::ReplyCallback reply);
  void Cancel(const ovpn::DecisionId& decision_id, CancelReason reason);
  void ReportOutcome(const ovpn::DecisionId& decision_id, const Outcome& outcome);
  bool ready() const;
  bool takes_dry_runs() const;
  // Takes nothing new; each stream ends when nothing is open on it.
  void Drain();
  // Ends everything at once; no reply comes after it.
  void Close();

  const StreamPolicyOptions& options() const { return options_; }
  const StreamCounters& counters() const { return counters_; }
  std::vector<ReplicaStatus> Replicas() const;
  size_t queued() const { return queue_.size(); }

  void OnReplicaReady(Replica& replica) override;
  void OnReplicaAged(Replica& replica) override;
  void OnDecision(Replica& replica, const v1::Decision& decision) override;
  absl::Status OnDeadlineExtension(Replica& replica, const ovpn::DecisionId& decision_id,
                                   ovpn::Duration timeout) override;
  void OnReplicaLost(Replica& replica, const absl::flat_hash_set<ovpn::DecisionId>& open) override;
  void OnCommand(Replica& replica, const v1::Command& command,
                 std::function<void(const google::rpc::Status&)> answer) override;

 private:
  using Replies = std::vector<Policy::ReplyCallback>;

  // A replica that was asked, and whom its answer goes to. A retry that finds nobody else to ask
  // waits for the same answer, hence more than one.
  struct Holder {
    Replica* replica;
    Replies replies;
    bool late = false;  // noted to its circuit
  };
  struct OpenDecision {
    const ovpn::AuthRequest* request = nullptr;
    int attempt = 0;
    int round = 0;
    // Only to replicas that take them. It waits for nobody's place and says nothing of a replica's
    // health: looking must not change what clients get.
    bool dry_run = false;
    ovpn::SteadyTime deadline;
    std::function<absl::Status(ovpn::Duration)> extend;
    std::vector<Holder> holders;
    Replies queued;  // not empty: in queue_
  };
  // Earliest deadline first.
  using Queue = std::set<std::pair<ovpn::SteadyTime, ovpn::DecisionId>>;

  Replica* Pick(const OpenDecision& decision);
  bool Send(const ovpn::DecisionId& decision_id, const OpenDecision& decision, Replica& replica);
  bool ContinueDialogue(const ovpn::DecisionId& decision_id, OpenDecision& decision,
                        Policy::ReplyCallback& reply);
  void TakeStep(Replica& replica, const ovpn::DecisionId& decision_id, OpenDecision& decision,
                PolicyReply reply);
  bool Dispatch(const ovpn::DecisionId& decision_id, OpenDecision& decision, Replies& replies);
  // The holders have let an attempt's time pass.
  static void NoteLate(OpenDecision& decision);
  void DispatchQueued();
  void FailQueued(absl::string_view detail);
  void EraseIfIdle(const ovpn::DecisionId& decision_id);

  asio::io_context& loop_;
  const ovpn::Clock& clock_;
  ovpn::Logger& logger_;
  const StreamPolicyOptions options_;
  const std::shared_ptr<LiveStreams> live_streams_;
  StreamCounters counters_;
  std::unique_ptr<ReplicaRoster> roster_;  // from Start on
  absl::flat_hash_map<ovpn::DecisionId, OpenDecision> open_;
  Queue queue_;
  size_t next_turn_ = 0;  // index of the replica that is first among equals
  DecisionMemory memory_;
  HedgeBudget hedges_;
  std::optional<CommandDesk> commands_;  // with grant_commands
  bool queue_was_full_ = false;          // said once for each time it fills
};

}  // namespace ovpnbroker::policy
