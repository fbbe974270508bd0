#include "server/admin/access.h"

#include <grpcpp/security/auth_context.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace ovpnbroker::server {
namespace {

// Names of gRPC's authentication properties.
constexpr char kUriProperty[] = "peer_uri";
constexpr char kDnsProperty[] = "peer_dns";

}  // namespace

Caller CertificateAccess::Identify(const grpc::ServerContextBase& call) const {
  Caller caller;
  caller.name = call.peer();
  const std::shared_ptr<const grpc::AuthContext> context = call.auth_context();
  if (context == nullptr || !context->IsPeerAuthenticated()) return caller;
  caller.authenticated = true;
  std::vector<std::string> names;
  const Grants grants = CurrentGrants();
  const auto add = [&](SanPattern::Type type, const char* property, absl::string_view prefix) {
    for (const grpc::string_ref& value : context->FindPropertyValues(property)) {
      const absl::string_view name(value.data(), value.size());
      names.push_back(absl::StrCat(prefix, name));
      for (const Grant& grant : grants) {
        if (grant.pattern.Matches(type, name)) caller.role = std::max(caller.role, grant.role);
      }
    }
  };
  add(SanPattern::Type::kUri, kUriProperty, "uri:");
  add(SanPattern::Type::kDns, kDnsProperty, "dns:");
  absl::StrAppend(&caller.name, " ", absl::StrJoin(names, " "));
  return caller;
}

void CertificateAccess::Replace(Grants grants) {
  const policy::MutexLock lock(mutex_);
  grants_ = std::move(grants);
}

}  // namespace ovpnbroker::server
