#include "server/admin/authorize.h"

#include <google/protobuf/text_format.h>

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "server/admin/rpc_error.h"

namespace ovpnbroker::server {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::MethodDescriptor;
using type::v1::Role;

constexpr size_t kMaxValue = 200;
constexpr size_t kMaxDescription = 2048;
constexpr int kMaxElements = 16;

// Each request message belongs to one method of its own file.
const MethodDescriptor* MethodOf(const google::protobuf::Descriptor& request) {
  const google::protobuf::FileDescriptor& file = *request.file();
  for (int i = 0; i < file.service_count(); ++i) {
    for (int j = 0; j < file.service(i)->method_count(); ++j) {
      const MethodDescriptor* method = file.service(i)->method(j);
      if (method->input_type() == &request) return method;
    }
  }
  return nullptr;
}

std::string RoleName(Role role) {
  if (role == Role::ROLE_UNSPECIFIED) return "none";
  const std::string& name = type::v1::Role_Name(role);
  return absl::AsciiStrToLower(absl::StripPrefix(name, "ROLE_"));
}

grpc::Status CheckRole(const Caller& caller, Role required, const std::string& method) {
  if (!caller.authenticated) {
    return RpcError(grpc::StatusCode::UNAUTHENTICATED, "CALLER_UNKNOWN",
                    "no verified client certificate", {{"method", method}});
  }
  if (required != Role::ROLE_UNSPECIFIED && caller.role >= required) return grpc::Status::OK;
  return RpcError(
      grpc::StatusCode::PERMISSION_DENIED, "ROLE_MISSING",
      absl::StrCat(method, " needs the role ", RoleName(required), "; yours is ",
                   RoleName(caller.role), " (", caller.name, ")"),
      {{"method", method}, {"required_role", RoleName(required)}, {"role", RoleName(caller.role)}});
}

std::string ReasonOf(const Message& request) {
  const FieldDescriptor* field = request.GetDescriptor()->FindFieldByName("reason");
  if (field == nullptr || field->is_repeated() || field->type() != FieldDescriptor::TYPE_STRING) {
    return "";
  }
  return request.GetReflection()->GetString(request, field).substr(0, kMaxValue);
}

void Describe(const Message& message, const std::string& prefix, std::string& out) {
  const auto& reflection = *message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (out.size() > kMaxDescription) return;
    const std::string name = absl::StrCat(prefix, field->name());
    if (field->options().GetExtension(type::v1::sensitive)) {
      absl::StrAppend(&out, " ", name, "=(secret)");
      continue;
    }
    const int count = field->is_repeated() ? reflection.FieldSize(message, field) : 1;
    for (int i = 0; i < std::min(count, kMaxElements); ++i) {
      const int index = field->is_repeated() ? i : -1;
      if (field->type() == FieldDescriptor::TYPE_MESSAGE) {
        const Message& nested = field->is_repeated()
                                    ? reflection.GetRepeatedMessage(message, field, i)
                                    : reflection.GetMessage(message, field);
        Describe(nested, absl::StrCat(name, "."), out);
        continue;
      }
      std::string value;
      google::protobuf::TextFormat::PrintFieldValueToString(message, field, index, &value);
      absl::StrAppend(&out, " ", name, "=", value.substr(0, kMaxValue));
    }
    if (count > kMaxElements) absl::StrAppend(&out, " ", name, "=(", count, " in all)");
  }
}

}  // namespace

std::string DescribeRequest(const Message& request) {
  std::string text;
  Describe(request, "", text);
  return text.substr(std::min<size_t>(text.size(), 1), kMaxDescription);
}

Admission Admit(const Caller& caller, const Message& request, AuditLog& audit) {
  const MethodDescriptor* method = MethodOf(*request.GetDescriptor());
  const Role required = method == nullptr ? Role::ROLE_UNSPECIFIED
                                          : method->options().GetExtension(type::v1::required_role);
  const std::string name = method == nullptr
                               ? request.GetDescriptor()->full_name()
                               : absl::StrCat(method->service()->name(), ".", method->name());
  grpc::Status status = CheckRole(caller, required, name);
  if (status.ok() && required == Role::ROLE_VIEWER) return {std::move(status), AuditGuard()};
  return {std::move(status), AuditGuard(audit, {.caller = caller.name,
                                                .role = RoleName(caller.role),
                                                .method = name,
                                                .request = DescribeRequest(request),
                                                .reason = ReasonOf(request)})};
}

}  // namespace ovpnbroker::server
