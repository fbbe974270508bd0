// The configuration as its file would say it: what MapYaml reads back as the same message. By
// reflection; knows no field of ours by name. Any thread.
#pragma once

#include <google/protobuf/message.h>

#include <string>

namespace ovpnbroker::server {

// YAML in block style, of all fields that are set.
std::string ConfigYaml(const google::protobuf::Message& config);

}  // namespace ovpnbroker::server
