// The `match:` part of a rule, and the groups that it refers to. Lives for one parse; not
// thread-safe.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "policy/rules/rule_parser.h"
#include "policy/rules/rule_set.h"
#include "policy/rules/yaml_reader.h"

namespace ovpnbroker::policy {

using Groups = std::map<std::string, std::shared_ptr<const Group>>;  // null: had errors

// The `groups:` of a file. Appends what it read of other files to `content`, for the revision.
Groups ReadGroups(YamlReader& reader, const YamlValue& value, const RuleReferences& references,
                  std::string& content);

// Errors go to `reader`; the result is then incomplete.
RuleMatch ReadMatch(YamlReader& reader, const YamlValue& value, const Groups& groups);

}  // namespace ovpnbroker::policy
