// OpenVPN's end of a management socket for tests: the simulator's.
#pragma once

#include "server/policy_sim/management_server.h"

namespace ovpnbroker::test {

using FakeManagementServer = policy_sim::ManagementServer;

}  // namespace ovpnbroker::test
