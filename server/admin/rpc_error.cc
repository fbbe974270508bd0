#include "server/admin/rpc_error.h"

#include <chrono>

#include "absl/strings/str_cat.h"
#include "google/rpc/code.pb.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "ovpn/base/utf8.h"

namespace ovpnbroker::server {
namespace {

// What a successor needs to take over, or the operator's next start.
constexpr std::chrono::seconds kRestartDelay{2};

google::rpc::Status MakeStatus(grpc::StatusCode code, absl::string_view reason,
                               absl::string_view message, const ErrorMetadata& metadata) {
  google::rpc::ErrorInfo info;
  info.set_reason(std::string(reason));
  info.set_domain(kErrorDomain);
  for (const auto& [name, value] : metadata) {
    (*info.mutable_metadata())[name] = ovpn::ReplaceInvalidUtf8(value);
  }
  google::rpc::Status status;
  status.set_code(code);
  status.set_message(ovpn::ReplaceInvalidUtf8(message));
  status.add_details()->PackFrom(info);
  return status;
}

grpc::Status ToGrpc(const google::rpc::Status& status) {
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()), status.message(),
                      status.SerializeAsString());
}

grpc::Status AboutResource(grpc::StatusCode code, absl::string_view type,
                           const ErrorMetadata& names, absl::string_view reason,
                           absl::string_view message) {
  google::rpc::Status status = MakeStatus(code, reason, message, names);
  google::rpc::ResourceInfo resource;
  resource.set_resource_type(std::string(type));
  resource.set_resource_name(ovpn::ReplaceInvalidUtf8(names.front().second));
  resource.set_description(ovpn::ReplaceInvalidUtf8(message));
  status.add_details()->PackFrom(resource);
  return ToGrpc(status);
}

google::rpc::Status Exhausted(absl::string_view subject, absl::string_view reason,
                              absl::string_view message) {
  google::rpc::Status status = MakeStatus(grpc::StatusCode::RESOURCE_EXHAUSTED, reason, message,
                                          {{"subject", std::string(subject)}});
  google::rpc::QuotaFailure failure;
  auto* violation = failure.add_violations();
  violation->set_subject(std::string(subject));
  violation->set_description(ovpn::ReplaceInvalidUtf8(message));
  status.add_details()->PackFrom(failure);
  return status;
}

google::rpc::RetryInfo RetryAfter(std::chrono::seconds delay) {
  google::rpc::RetryInfo retry;
  retry.mutable_retry_delay()->set_seconds(delay.count());
  return retry;
}

}  // namespace

grpc::Status RpcError(grpc::StatusCode code, absl::string_view reason, absl::string_view message,
                      const ErrorMetadata& metadata) {
  return ToGrpc(MakeStatus(code, reason, message, metadata));
}

grpc::Status InvalidField(absl::string_view field, absl::string_view reason,
                          absl::string_view message) {
  google::rpc::Status status =
      MakeStatus(grpc::StatusCode::INVALID_ARGUMENT, reason, absl::StrCat(field, ": ", message),
                 {{"field", std::string(field)}});
  google::rpc::BadRequest bad_request;
  auto* violation = bad_request.add_field_violations();
  violation->set_field(std::string(field));
  violation->set_description(ovpn::ReplaceInvalidUtf8(message));
  status.add_details()->PackFrom(bad_request);
  return ToGrpc(status);
}

grpc::Status FailedPrecondition(absl::string_view reason, absl::string_view message,
                                const ErrorMetadata& metadata,
                                const std::vector<Violation>& violations) {
  google::rpc::Status status =
      MakeStatus(grpc::StatusCode::FAILED_PRECONDITION, reason, message, metadata);
  google::rpc::PreconditionFailure failure;
  for (const Violation& violation : violations) {
    auto* item = failure.add_violations();
    item->set_type(violation.type);
    item->set_subject(violation.subject);
    item->set_description(ovpn::ReplaceInvalidUtf8(violation.description));
  }
  status.add_details()->PackFrom(failure);
  return ToGrpc(status);
}

grpc::Status InvalidFields(absl::string_view reason, absl::string_view message,
                           const std::vector<Violation>& violations) {
  google::rpc::Status status = MakeStatus(grpc::StatusCode::INVALID_ARGUMENT, reason, message, {});
  google::rpc::BadRequest bad_request;
  for (const Violation& item : violations) {
    auto* violation = bad_request.add_field_violations();
    violation->set_field(item.subject);
    violation->set_description(ovpn::ReplaceInvalidUtf8(item.description));
  }
  status.add_details()->PackFrom(bad_request);
  return ToGrpc(status);
}

grpc::Status NotFound(absl::string_view type, const ErrorMetadata& names, absl::string_view reason,
                      absl::string_view message) {
  return AboutResource(grpc::StatusCode::NOT_FOUND, type, names, reason, message);
}

grpc::Status AlreadyExists(absl::string_view type, const ErrorMetadata& names,
                           absl::string_view reason, absl::string_view message) {
  return AboutResource(grpc::StatusCode::ALREADY_EXISTS, type, names, reason, message);
}

grpc::Status InstanceNotFound(const std::string& name) {
  return NotFound("instance", {{"instance", name}}, "INSTANCE_NOT_FOUND",
                  absl::StrCat("no instance is called ", name));
}

grpc::Status LimitReached(absl::string_view subject, absl::string_view reason,
                          absl::string_view message) {
  return ToGrpc(Exhausted(subject, reason, message));
}

grpc::Status TooManyWatches(uint32_t limit) {
  return LimitReached("watches", "TOO_MANY_WATCHES",
                      absl::StrCat("as many streams are open here as may be (", limit,
                                   "); end one, or raise admin.max_watches and reload"));
}

grpc::Status ReaderTooSlow(absl::string_view subject, absl::string_view reason,
                           absl::string_view message) {
  google::rpc::Status status = Exhausted(subject, reason, message);
  status.add_details()->PackFrom(RetryAfter(std::chrono::seconds::zero()));
  return ToGrpc(status);
}

std::string StatusText(const grpc::Status& status) {
  if (status.ok()) return "OK";
  const auto code = static_cast<google::rpc::Code>(status.error_code());
  return absl::StrCat(google::rpc::Code_Name(code), ": ", status.error_message());
}

grpc::Status StoppingError() {
  google::rpc::Status status =
      MakeStatus(grpc::StatusCode::UNAVAILABLE, "BROKER_STOPPING", "the broker is stopping", {});
  status.add_details()->PackFrom(RetryAfter(kRestartDelay));
  return ToGrpc(status);
}

}  // namespace ovpnbroker::server
