// Checks of a mapped configuration that need more than one field, or the files it names:
// references, time budgets, socket paths, OpenVPN's own configuration. Blocking file reads; any
// thread.
#pragma once

#include "server/config/config_loader.h"

namespace ovpnbroker::server {

// Adds findings to `loaded`. Says nothing about fields that already have an error.
void CheckConfig(LoadedConfig& loaded);

}  // namespace ovpnbroker::server
