// Errors of the admin API: a canonical code, and in the trailing metadata a google.rpc.Status with
// an ErrorInfo that scripts can rely on. Any thread.
#pragma once

#include <grpcpp/support/status.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace ovpnbroker::server {

inline constexpr char kErrorDomain[] = "ovpn-broker";

// What an ErrorInfo repeats of the message, so that nobody has to parse it: {"uid", "..."}.
using ErrorMetadata = std::vector<std::pair<std::string, std::string>>;

// `reason` is UPPER_SNAKE and listed at the method in proto/ovpnbroker/admin/v1.
grpc::Status RpcError(grpc::StatusCode code, absl::string_view reason, absl::string_view message,
                      const ErrorMetadata& metadata = {});

// INVALID_ARGUMENT that also names the request's field.
grpc::Status InvalidField(absl::string_view field, absl::string_view reason,
                          absl::string_view message);

// NOT_FOUND and ALREADY_EXISTS of a resource of `type` ("session"): the first of `names` is its
// name for the ResourceInfo ({"uid", "..."}), the ErrorInfo has them all.
grpc::Status NotFound(absl::string_view type, const ErrorMetadata& names, absl::string_view reason,
                      absl::string_view message);
grpc::Status AlreadyExists(absl::string_view type, const ErrorMetadata& names,
                           absl::string_view reason, absl::string_view message);
// NOT_FOUND (INSTANCE_NOT_FOUND).
grpc::Status InstanceNotFound(const std::string& name);

// What is not as the call needs it, as google.rpc.PreconditionFailure has it.
struct Violation {
  std::string type;     // the reason, UPPER_SNAKE
  std::string subject;  // "instances/office", a field's path
  std::string description;
};

// FAILED_PRECONDITION with what must change first.
grpc::Status FailedPrecondition(absl::string_view reason, absl::string_view message,
                                const ErrorMetadata& metadata,
                                const std::vector<Violation>& violations);

// INVALID_ARGUMENT that names several fields: `subject` of each violation.
grpc::Status InvalidFields(absl::string_view reason, absl::string_view message,
                           const std::vector<Violation>& violations);

// RESOURCE_EXHAUSTED: `subject` ("bans") is at its limit, which the message tells; waiting does not
// help.
grpc::Status LimitReached(absl::string_view subject, absl::string_view reason,
                          absl::string_view message);
// LimitReached (TOO_MANY_WATCHES).
grpc::Status TooManyWatches(uint32_t limit);
// RESOURCE_EXHAUSTED: the reader of a stream ("instances") was too slow and may begin again at
// once.
grpc::Status ReaderTooSlow(absl::string_view subject, absl::string_view reason,
                           absl::string_view message);

// "OK", or code and message, for logs: "NOT_FOUND: no session has the uid x".
std::string StatusText(const grpc::Status& status);

// The broker stops: finish every open call with this. UNAVAILABLE (BROKER_STOPPING).
grpc::Status StoppingError();

}  // namespace ovpnbroker::server
