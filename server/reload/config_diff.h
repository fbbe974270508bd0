// What differs between two configurations, field by field, by reflection: a field that is new in
// the schema is compared from its first day. Entries of lists that have a name are matched by it.
// Pure; any thread.
#pragma once

#include <string>
#include <vector>

#include "ovpnbroker/config/v1/broker_config.pb.h"

namespace ovpnbroker::server {

struct FieldChange {
  std::string path;       // "instances[office].decision.timeout"
  std::string pattern;    // the same without names: "instances[*].decision.timeout"
  std::string entry;      // the name of the entry of the outermost list: "office"; may be empty
  std::string old_value;  // as it is written in YAML, secrets masked; empty: absent
  std::string new_value;
};

// In the order of the schema's fields and of `next`'s entries; entries that are gone come last.
// Only the order of named entries may differ without being a change.
std::vector<FieldChange> DiffConfigs(const config::v1::BrokerConfig& current,
                                     const config::v1::BrokerConfig& next);

}  // namespace ovpnbroker::server
