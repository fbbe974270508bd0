// The part of a client-auth block that is sent on to the client: routes, DNS, redirect-gateway and
// options in a policy's own words. Pure function; any thread.
#pragma once

#include "ovpn/management/block_builder.h"
#include "ovpn/types/client_config.h"

namespace ovpnbroker::ovpn {

void AddPushes(const ClientConfig& config, BlockBuilder& block);

}  // namespace ovpnbroker::ovpn
