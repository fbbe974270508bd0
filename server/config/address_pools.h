// Reads the configuration's address pools into what policy/ works with, and finds what is wrong
// with them. Pure functions; any thread.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "ovpnbroker/config/v1/broker_config.pb.h"
#include "policy/address_pool_options.h"

namespace ovpnbroker::server {

// Told of each error: the field's path ("address_pools[0].ipv4.first") and what is wrong.
using PoolReport = std::function<void(const std::string& path, std::string message)>;

// Pools that `report` was told of are not in the result.
std::vector<policy::AddressPoolOptions> ReadAddressPools(const config::v1::BrokerConfig& config,
                                                         const PoolReport& report);

}  // namespace ovpnbroker::server
