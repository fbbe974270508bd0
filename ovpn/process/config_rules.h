// Which directives do not go with the broker, and why: one table. Pure; any thread.
#pragma once

#include <optional>

#include "ovpn/process/config_check.h"
#include "ovpn/process/config_reader.h"

namespace ovpnbroker::ovpn {

// What is wrong with this line, if anything.
std::optional<ConfigFinding> CheckDirective(const ConfigLine& line);

}  // namespace ovpnbroker::ovpn
