// The one gate in front of every admin method: finds the role that the method requires in its
// descriptor, compares it with the caller's, and opens the audit record of calls that are to change
// something. Any thread.
#pragma once

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <grpcpp/support/status.h>

#include <string>

#include "server/admin/access.h"
#include "server/audit.h"

namespace ovpnbroker::server {

struct Admission {
  grpc::Status status;  // OK: go on; else finish the call with it
  AuditGuard audit;     // empty for calls that only look
};

// UNAUTHENTICATED (CALLER_UNKNOWN) or PERMISSION_DENIED (ROLE_MISSING) when `caller` may not call
// the method whose request this is. A request that belongs to no method is for nobody.
Admission Admit(const Caller& caller, const google::protobuf::Message& request, AuditLog& audit);

// The fields that are set, for audit records: `uid="0192..." wait.seconds=15`. Fields marked
// sensitive show as `(secret)`; long values and long requests are cut.
std::string DescribeRequest(const google::protobuf::Message& request);

}  // namespace ovpnbroker::server
