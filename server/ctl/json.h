// Protobuf messages as JSON on standard output: fields under their proto names, also those that are
// empty, so that scripts need not guess.
#pragma once

#include <google/protobuf/message.h>

#include <string>
#include <vector>

namespace ovpnbroker::ctl {

// `text`, which is UTF-8, as a JSON string with its quotes.
std::string JsonString(const std::string& text);

// Indented, with a line end.
std::string ToJson(const google::protobuf::Message& message);

// The fields of several messages in one object, in this order. Their names must differ.
std::string ToJson(const std::vector<const google::protobuf::Message*>& messages);

}  // namespace ovpnbroker::ctl
