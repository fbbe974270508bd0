// Values of the configuration as people write them in YAML, and without its secrets: fields that
// are marked `sensitive` are masked wherever they stand. By reflection; pure, any thread.
#pragma once

#include <google/protobuf/message.h>

#include <string>

namespace ovpnbroker::server {

// What stands for a secret.
inline constexpr char kMask[] = "(secret)";

// The field's value: "5s", "deny", "[a, b]", "{file: /x}"; empty when it is absent. Long texts are
// cut.
std::string FieldText(const google::protobuf::Message& message,
                      const google::protobuf::FieldDescriptor& field);
// All fields that are set: "{name: office, config: /x.conf}".
std::string MessageText(const google::protobuf::Message& message);

// Replaces every secret by kMask, or empties it when it is no text.
void MaskSecrets(google::protobuf::Message& message);

}  // namespace ovpnbroker::server
