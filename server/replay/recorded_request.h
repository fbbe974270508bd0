// A recorded question as the broker's own: what MakeDecisionRequest (policy/stream/request_codec.h)
// made a message of, without password and answers. Pure; any thread.
#pragma once

#include "ovpn/types/auth_request.h"
#include "ovpnbroker/policy/v1/decision.pb.h"

namespace ovpnbroker::server {

// Who asks is read from the environment again, as the broker did. What the message lacks stays as
// in an empty AuthRequest.
ovpn::AuthRequest RequestFromProto(const policy::v1::DecisionRequest& message);

}  // namespace ovpnbroker::server
