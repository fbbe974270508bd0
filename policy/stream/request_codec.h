// What the broker asks, as messages: Hello and DecisionRequest. Pure; any thread.
#pragma once

#include <string>
#include <vector>

#include "ovpnbroker/policy/v1/decision.pb.h"
#include "ovpnbroker/policy/v1/handshake.pb.h"
#include "policy/policy.h"
#include "policy/stream/stream_options.h"

namespace ovpnbroker::policy {

v1::Hello MakeHello(const StreamPolicyOptions& options);

// What one replica gets to see, agreed in the handshake.
struct RequestView {
  bool send_password = false;
  // Shell patterns of the variables to send; empty: all.
  std::vector<std::string> environment_patterns;
};

// The smaller of what the broker offers and the replica wants; excess patterns are dropped.
RequestView NegotiateView(const StreamPolicyOptions& options, const v1::HelloAck& ack);

// `timeout`: what is left of the decision's budget now. Never larger than
// StreamLimits::kMaxMessageBytes: the largest variables are left out until it fits. A variable that
// came twice is sent once, with the value that ovpn::Environment::Get returns.
v1::DecisionRequest MakeDecisionRequest(const ovpn::DecisionId& decision_id, int attempt,
                                        const ovpn::AuthRequest& request, ovpn::Duration timeout,
                                        const RequestView& view);

}  // namespace ovpnbroker::policy
