#include "server/admin/rpc_error.h"

#include "absl/strings/str_cat.h"
#include "google/rpc/code.pb.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "ovpn/base/utf8.h"

namespace ovpnbroker::server {
namespace {

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

grpc::Status NotFound(absl::string_view type, const std::string& name, absl::string_view reason,
                      absl::string_view message) {
  google::rpc::Status status =
      MakeStatus(grpc::StatusCode::NOT_FOUND, reason, message, {{"uid", name}});
  google::rpc::ResourceInfo resource;
  resource.set_resource_type(std::string(type));
  resource.set_resource_name(ovpn::ReplaceInvalidUtf8(name));
  resource.set_description(ovpn::ReplaceInvalidUtf8(message));
  status.add_details()->PackFrom(resource);
  return ToGrpc(status);
}

std::string StatusText(const grpc::Status& status) {
  if (status.ok()) return "OK";
  const auto code = static_cast<google::rpc::Code>(status.error_code());
  return absl::StrCat(google::rpc::Code_Name(code), ": ", status.error_message());
}

grpc::Status StoppingError() {
  return RpcError(grpc::StatusCode::UNAVAILABLE, "BROKER_STOPPING", "the broker is stopping");
}

}  // namespace ovpnbroker::server
