// The table of instances, as `status` and `instances` show it.
#pragma once

#include "ovpnbroker/admin/v1/instance_service.pb.h"
#include "server/ctl/command.h"

namespace ovpnbroker::ctl {

// On standard output.
void PrintInstances(const GlobalOptions& global, const admin::v1::ListInstancesResponse& response);

}  // namespace ovpnbroker::ctl
