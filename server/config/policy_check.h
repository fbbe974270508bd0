// Checks of one policy's configuration: its addresses and what secures them, or its rules files.
// Blocking file reads; any thread.
#pragma once

#include <string>

#include "server/config/config_report.h"

namespace ovpnbroker::server {

// `path` is the policy's field path ("policies[0]").
void CheckPolicy(const config::v1::PolicyConfig& policy, const std::string& path,
                 ConfigReport& report);

}  // namespace ovpnbroker::server
