// A DecisionRequest as the bytes of its StreamDecisionsRequest, without the message in between: a
// CONNECT has some fifty variables, and to make a map entry of each costs more than all the rest of
// a decision. The bytes are those that protobuf would write, so a policy sees no difference
// (request_wire_test.cc). Pure; any thread.
#pragma once

#include <grpcpp/support/byte_buffer.h>

#include "ovpn/types/auth_request.h"
#include "ovpnbroker/policy/v1/policy_service.pb.h"
#include "policy/stream/request_codec.h"

namespace ovpnbroker::policy {

// MakeDecisionRequest, ready to be written.
grpc::ByteBuffer WriteDecisionRequest(const RequestHead& head, const ovpn::AuthRequest& request,
                                      const StreamTerms& terms);
// Any other message.
grpc::ByteBuffer WriteMessage(const v1::StreamDecisionsRequest& message);

}  // namespace ovpnbroker::policy
