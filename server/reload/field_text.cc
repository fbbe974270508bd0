#include "server/reload/field_text.h"

#include <google/protobuf/descriptor.h>

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "ovpnbroker/type/v1/options.pb.h"
#include "server/config/field_value.h"

namespace ovpnbroker::server {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

constexpr size_t kMaxText = 200;

bool IsSecret(const FieldDescriptor& field) {
  return field.options().GetExtension(type::v1::sensitive);
}

// One value; `index` is -1 for a field that is no list.
std::string ValueText(const Message& message, const FieldDescriptor& field, int index) {
  if (field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE || IsDuration(field)) {
    return TextOfField(message, field, index);
  }
  const auto& reflection = *message.GetReflection();
  return MessageText(index >= 0 ? reflection.GetRepeatedMessage(message, &field, index)
                                : reflection.GetMessage(message, &field));
}

std::string Cut(std::string text) {
  if (text.size() <= kMaxText) return text;
  text.resize(kMaxText);
  return absl::StrCat(text, "...");
}

}  // namespace

std::string FieldText(const Message& message, const FieldDescriptor& field) {
  const auto& reflection = *message.GetReflection();
  if (field.is_repeated()) {
    const int count = reflection.FieldSize(message, &field);
    if (count == 0) return "";
    if (IsSecret(field)) return kMask;
    std::vector<std::string> values;
    values.reserve(static_cast<size_t>(count));
    for (int i = 0; i < count; ++i) values.push_back(ValueText(message, field, i));
    return Cut(absl::StrCat("[", absl::StrJoin(values, ", "), "]"));
  }
  // A plain field without presence has its value also when that is the type's zero.
  if (field.has_presence() && !reflection.HasField(message, &field)) return "";
  if (IsSecret(field)) return reflection.HasField(message, &field) ? kMask : "";
  return Cut(ValueText(message, field, -1));
}

std::string MessageText(const Message& message) {
  std::vector<const FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  std::vector<std::string> parts;
  parts.reserve(fields.size());
  for (const FieldDescriptor* field : fields) {
    parts.push_back(absl::StrCat(field->name(), ": ", FieldText(message, *field)));
  }
  return Cut(absl::StrCat("{", absl::StrJoin(parts, ", "), "}"));
}

void MaskSecrets(Message& message) {
  const auto& reflection = *message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    const bool text = field->cpp_type() == FieldDescriptor::CPPTYPE_STRING;
    if (IsSecret(*field)) {
      reflection.ClearField(&message, field);
      if (text && !field->is_repeated()) reflection.SetString(&message, field, kMask);
      if (text && field->is_repeated()) reflection.AddString(&message, field, kMask);
    } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      const int count = field->is_repeated() ? reflection.FieldSize(message, field) : 1;
      for (int i = 0; i < count; ++i) {
        MaskSecrets(field->is_repeated() ? *reflection.MutableRepeatedMessage(&message, field, i)
                                         : *reflection.MutableMessage(&message, field));
      }
    }
  }
}

}  // namespace ovpnbroker::server
