// One scalar of the configuration: text as it stands in YAML (or in a field's own default) to the
// type of its field, with the field's rules checked. No YAML here, no files. Any thread.
#pragma once

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "ovpnbroker/config/v1/options.pb.h"

namespace ovpnbroker::server {

// The rules that the field states about itself; the empty ones when it states none.
const config::v1::FieldRules& RulesOf(const google::protobuf::FieldDescriptor& field);

// A message that is written as one scalar: google.protobuf.Duration.
bool IsDuration(const google::protobuf::FieldDescriptor& field);

// Names of an enum's values as the configuration writes them: "on-failure" for
// RESTART_POLICY_ON_FAILURE.
std::vector<std::string> EnumNames(const google::protobuf::EnumDescriptor& type);

// Sets `field` of `message` from `text`; appends when the field is repeated. INVALID_ARGUMENT says
// what is accepted. A value that has the right type but breaks a rule is set all the same, so that
// checks of other fields find it. `directory` is where relative paths start.
absl::Status SetFieldFromText(google::protobuf::Message& message,
                              const google::protobuf::FieldDescriptor& field,
                              absl::string_view text, const std::string& directory);

// The value as SetFieldFromText takes it. `index` is that of an element of a list, -1 for a field
// that is no list. For the types that the configuration has; "" for others.
std::string TextOfField(const google::protobuf::Message& message,
                        const google::protobuf::FieldDescriptor& field, int index = -1);

// Sets what is absent and has a default, in `message` and all messages below it. A message field
// that is absent is made when it can be empty: none of its own fields is required, and it is in no
// oneof.
void ApplyDefaults(google::protobuf::Message& message);

}  // namespace ovpnbroker::server
