#include "server/config/config_yaml.h"

#include <google/protobuf/descriptor.h>
#include <yaml-cpp/yaml.h>

#include <vector>

#include "absl/strings/str_cat.h"
#include "server/config/field_value.h"

namespace ovpnbroker::server {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

bool IsSection(const FieldDescriptor& field) {
  return field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE && !IsDuration(field);
}

// Texts in quotes, so that "0660" and "null" stay texts.
void EmitScalar(const Message& message, const FieldDescriptor& field, int index,
                YAML::Emitter& out) {
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_STRING) out << YAML::DoubleQuoted;
  out << TextOfField(message, field, index);
}

void EmitMessage(const Message& message, YAML::Emitter& out) {
  const auto& reflection = *message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  out << (fields.empty() ? YAML::Flow : YAML::Block) << YAML::BeginMap;
  for (const FieldDescriptor* field : fields) {
    out << YAML::Key << field->name() << YAML::Value;
    if (!field->is_repeated()) {
      if (IsSection(*field)) {
        EmitMessage(reflection.GetMessage(message, field), out);
      } else {
        EmitScalar(message, *field, -1, out);
      }
      continue;
    }
    out << (IsSection(*field) ? YAML::Block : YAML::Flow) << YAML::BeginSeq;
    for (int i = 0; i < reflection.FieldSize(message, field); ++i) {
      if (IsSection(*field)) {
        EmitMessage(reflection.GetRepeatedMessage(message, field, i), out);
      } else {
        EmitScalar(message, *field, i, out);
      }
    }
    out << YAML::EndSeq;
  }
  out << YAML::EndMap;
}

}  // namespace

std::string ConfigYaml(const Message& config) {
  YAML::Emitter out;
  EmitMessage(config, out);
  return absl::StrCat(out.c_str(), "\n");
}

}  // namespace ovpnbroker::server
