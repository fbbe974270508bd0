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

// What the broker and one replica agreed on in the handshake.
struct StreamTerms {
  bool send_password = false;       // CAPABILITY_PASSWORD is on
  bool raw_directives = false;      // CAPABILITY_RAW_DIRECTIVES is on
  bool session_events = false;      // CAPABILITY_SESSION_EVENTS is on
  bool event_replay = false;        // CAPABILITY_EVENT_REPLAY is on
  bool session_traffic = false;     // CAPABILITY_SESSION_TRAFFIC is on
  bool commands = false;            // CAPABILITY_COMMANDS is on
  bool pending_auth = false;        // CAPABILITY_PENDING_AUTH is on
  bool deadline_extension = false;  // CAPABILITY_DEADLINE_EXTENSION is on
  bool dry_run = false;             // CAPABILITY_DRY_RUN is on
  bool shadow = false;              // no verdict of this stream counts
  int max_in_flight = 0;
  // Shell patterns of the variables to send; empty: all.
  std::vector<std::string> environment_patterns;
};

// What the broker offers, as far as the replica wants it; excess patterns are dropped.
StreamTerms NegotiateTerms(const StreamPolicyOptions& options, const v1::HelloAck& ack);

// What one message asks, besides the request itself.
struct RequestHead {
  const ovpn::DecisionId& decision_id;
  int attempt = 1;
  int round = 0;           // answers of the client to further steps so far
  bool dry_run = false;    // no client waits for this one
  ovpn::Duration timeout;  // what is left of the decision's budget now
};

// The request as a message. Always smaller than StreamLimits::kMaxMessageBytes: the largest
// variables are left out until it is. A variable that came twice is there once, with the value that
// ovpn::Environment::Get returns. What goes on the wire is made by request_wire.h, which saves the
// fifty map entries.
v1::DecisionRequest MakeDecisionRequest(const RequestHead& head, const ovpn::AuthRequest& request,
                                        const StreamTerms& terms);

// The same without `environment` and `environment_truncated`, into an empty message.
void FillRequestWithoutEnvironment(const RequestHead& head, const ovpn::AuthRequest& request,
                                   const StreamTerms& terms, v1::DecisionRequest& message);

}  // namespace ovpnbroker::policy
