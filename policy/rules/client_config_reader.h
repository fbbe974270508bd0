// The `allow:` part of a rule: a ClientConfig under the field names of
// ovpnbroker.type.v1.ClientConfig, with short forms where one value says it all. What OpenVPN
// accepts beyond types and ranges is checked when a client-auth block is made from it.
#pragma once

#include "ovpn/types/client_config.h"
#include "policy/rules/yaml_reader.h"

namespace ovpnbroker::policy {

// Errors go to `reader`; the result is then incomplete.
ovpn::ClientConfig ReadClientConfig(YamlReader& reader, const YamlValue& value);

// An address or a prefix; nullopt after an error.
std::optional<ovpn::IpAddress> ReadAddress(YamlReader& reader, const YamlValue& value);
std::optional<ovpn::IpPrefix> ReadPrefix(YamlReader& reader, const YamlValue& value);

}  // namespace ovpnbroker::policy
