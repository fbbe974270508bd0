// The `allow:` part of a rule: session limits, a pool and a ClientConfig under the field names of
// ovpnbroker.type.v1.ClientConfig, with short forms where one value says it all. What OpenVPN
// accepts beyond types and ranges is checked when a client-auth block is made from it.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "ovpn/types/client_config.h"
#include "ovpn/types/verdict.h"
#include "policy/rules/yaml_reader.h"

namespace ovpnbroker::policy {

// Errors go to `reader`; the result is then incomplete. `pools`: names that `pool` may have; null:
// any.
ovpn::Allow ReadAllow(YamlReader& reader, const YamlValue& value,
                      const std::vector<std::string>* pools);

// "90s", "8h": whole seconds from 1s to `maximum`; nullopt after an error.
std::optional<std::chrono::seconds> ReadSeconds(YamlReader& reader, const YamlValue& value,
                                                std::chrono::seconds maximum);

// An address or a prefix; nullopt after an error.
std::optional<ovpn::IpAddress> ReadAddress(YamlReader& reader, const YamlValue& value);
std::optional<ovpn::IpPrefix> ReadPrefix(YamlReader& reader, const YamlValue& value);

}  // namespace ovpnbroker::policy
