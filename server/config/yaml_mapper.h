// YAML to a protobuf message by reflection: knows no field of ours by name. Collects every error
// instead of stopping at the first. Any thread.
#pragma once

#include <google/protobuf/message.h>

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/config/finding.h"

namespace ovpnbroker::server {

// What a mapping gave besides the message.
struct MappingResult {
  ConfigPlaces places;
  std::vector<Finding> findings;  // errors only
};

// Reads `yaml`, one document, into `message`, which should be empty. `file` names it in findings,
// `directory` is where relative paths start.
MappingResult MapYaml(absl::string_view yaml, const std::string& file, const std::string& directory,
                      google::protobuf::Message& message);

}  // namespace ovpnbroker::server
