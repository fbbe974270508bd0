// The list of all services of the admin API: a new one is added here and is then served by every
// listener. Any thread.
#pragma once

#include <grpcpp/impl/codegen/service_type.h>

#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "server/admin/loop_call.h"

namespace ovpnbroker::server {

// `context` must outlive them.
std::vector<std::unique_ptr<grpc::Service>> MakeAdminServices(AdminContext& context);

// INTERNAL, naming the method, when a method of the admin API has no required_role.
absl::Status CheckMethodRoles();

}  // namespace ovpnbroker::server
