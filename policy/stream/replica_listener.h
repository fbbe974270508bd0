// What a replica reports to the set that owns it. Loop thread only.
#pragma once

#include <functional>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "google/rpc/status.pb.h"
#include "ovpn/base/clock.h"
#include "ovpn/base/ids.h"
#include "ovpnbroker/policy/v1/command.pb.h"
#include "ovpnbroker/policy/v1/decision.pb.h"

namespace ovpnbroker::policy {

class Replica;

class ReplicaListener {
 public:
  virtual ~ReplicaListener() = default;
  // The replica takes decisions now.
  virtual void OnReplicaReady(Replica& replica) = 0;
  // Its stream is as old as it may get; it goes on until it is told to drain.
  virtual void OnReplicaAged(Replica& replica) = 0;
  // A decision that was sent to this replica came back; it is no longer in flight. When the
  // verdict is a further step the listener may Park it here.
  virtual void OnDecision(Replica& replica, const v1::Decision& decision) = 0;
  // The policy needs more time for a decision that is in flight here. Not OK: why it gets none.
  virtual absl::Status OnDeadlineExtension(Replica& replica, const ovpn::DecisionId& decision_id,
                                           ovpn::Duration timeout) = 0;
  // What was in flight or parked will not be answered; the replica holds nothing any more.
  virtual void OnReplicaLost(Replica& replica,
                             const absl::flat_hash_set<ovpn::DecisionId>& open) = 0;
  // The policy asks for something; `answer` may be called at any time on the loop thread, once.
  virtual void OnCommand(Replica& replica, const v1::Command& command,
                         std::function<void(const google::rpc::Status&)> answer) = 0;
};

}  // namespace ovpnbroker::policy
