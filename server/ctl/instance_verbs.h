// The verbs below `ovpn-brokerctl instances`.
#pragma once

#include "server/ctl/command.h"

namespace ovpnbroker::ctl {

void AddInstanceVerbs(CLI::App& instances, CommandLine& line);

}  // namespace ovpnbroker::ctl
