#include "policy/stream/status_codec.h"

#include <string>

#include "google/rpc/error_details.pb.h"
#include "ovpn/base/utf8.h"
#include "policy/stream/session_codec.h"

namespace ovpnbroker::policy {
namespace {

constexpr char kErrorDomain[] = "ovpn-broker";

}  // namespace

google::rpc::Status MakeStatus(google::rpc::Code code, absl::string_view reason,
                               absl::string_view message) {
  google::rpc::Status status;
  status.set_code(code);
  status.set_message(ovpn::ReplaceInvalidUtf8(message));
  google::rpc::ErrorInfo info;
  info.set_domain(kErrorDomain);
  info.set_reason(std::string(reason));
  status.add_details()->PackFrom(info);
  return status;
}

google::rpc::Status MakeViolationStatus(const std::vector<ovpn::FieldViolation>& violations) {
  return MakeFieldStatus("VERDICT_INVALID", "the verdict was refused", violations);
}

google::rpc::Status MakeRetryStatus(ovpn::Duration retry_delay) {
  google::rpc::Status status = MakeStatus(google::rpc::RESOURCE_EXHAUSTED, "COMMAND_RATE_EXCEEDED",
                                          "more commands than the operator allows");
  google::rpc::RetryInfo retry;
  *retry.mutable_retry_delay() = DurationToProto(retry_delay);
  status.add_details()->PackFrom(retry);
  return status;
}

google::rpc::Status MakeFieldStatus(absl::string_view reason, absl::string_view message,
                                    const std::vector<ovpn::FieldViolation>& violations) {
  google::rpc::Status status = MakeStatus(google::rpc::INVALID_ARGUMENT, reason, message);
  google::rpc::BadRequest bad_request;
  for (const ovpn::FieldViolation& violation : violations) {
    google::rpc::BadRequest::FieldViolation& field = *bad_request.add_field_violations();
    field.set_field(ovpn::ReplaceInvalidUtf8(violation.field));
    field.set_description(ovpn::ReplaceInvalidUtf8(violation.description));
  }
  status.add_details()->PackFrom(bad_request);
  return status;
}

}  // namespace ovpnbroker::policy
