// Checks of one instance's configuration that need more than one field, the other parts of the
// configuration, or OpenVPN's own file. Blocking file reads; any thread.
#pragma once

#include <string>

#include "server/config/config_report.h"

namespace ovpnbroker::server {

// `path` is the instance's field path ("instances[0]").
void CheckInstance(const config::v1::InstanceConfig& instance, const std::string& path,
                   ConfigReport& report);

}  // namespace ovpnbroker::server
