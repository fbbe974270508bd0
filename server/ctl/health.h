// What `health` asks about, for its completion as well.
#pragma once

#include <grpcpp/support/status.h>

#include <string>
#include <vector>

#include "server/ctl/admin_client.h"

namespace ovpnbroker::ctl {

// The broker as a whole, its parts, and every instance by name.
grpc::Status ListHealthServices(AdminClient& client, std::vector<std::string>& services);

}  // namespace ovpnbroker::ctl
