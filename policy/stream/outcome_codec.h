// What the broker tells about a decision after it asked. Pure; any thread.
#pragma once

#include "ovpnbroker/policy/v1/decision.pb.h"
#include "policy/policy.h"

namespace ovpnbroker::policy {

v1::DecisionCancellation CancellationToProto(const ovpn::DecisionId& decision_id,
                                             CancelReason reason);
v1::DecisionOutcome OutcomeToProto(const ovpn::DecisionId& decision_id, const Outcome& outcome);

}  // namespace ovpnbroker::policy
