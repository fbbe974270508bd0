#include "server/reload/field_text.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/duration.pb.h>

#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "ovpnbroker/type/v1/options.pb.h"

namespace ovpnbroker::server {
namespace {

using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

constexpr size_t kMaxText = 200;
constexpr int32_t kNanosPerMilli = 1'000'000;

bool IsSecret(const FieldDescriptor& field) {
  return field.options().GetExtension(type::v1::sensitive);
}

// RESTART_POLICY_ON_FAILURE is written on-failure: without what all values of its enum begin with.
std::string EnumText(const EnumValueDescriptor& value) {
  const std::string& zero = value.type()->value(0)->name();  // ..._UNSPECIFIED
  constexpr absl::string_view kUnspecified = "UNSPECIFIED";
  std::string name =
      value.name().substr(std::min(zero.size() - kUnspecified.size(), value.name().size()));
  absl::AsciiStrToLower(&name);
  std::replace(name.begin(), name.end(), '_', '-');
  return name;
}

std::string DurationText(const google::protobuf::Duration& duration) {
  if (duration.nanos() == 0) return absl::StrCat(duration.seconds(), "s");
  return absl::StrCat(duration.seconds() * 1000 + duration.nanos() / kNanosPerMilli, "ms");
}

// One value; `index` is -1 for a field that is no list.
std::string ValueText(const Message& message, const FieldDescriptor& field, int index) {
  const auto& reflection = *message.GetReflection();
  const bool list = index >= 0;
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      return (list ? reflection.GetRepeatedBool(message, &field, index)
                   : reflection.GetBool(message, &field))
                 ? "true"
                 : "false";
    case FieldDescriptor::CPPTYPE_INT32:
      return absl::StrCat(list ? reflection.GetRepeatedInt32(message, &field, index)
                               : reflection.GetInt32(message, &field));
    case FieldDescriptor::CPPTYPE_UINT32:
      return absl::StrCat(list ? reflection.GetRepeatedUInt32(message, &field, index)
                               : reflection.GetUInt32(message, &field));
    case FieldDescriptor::CPPTYPE_INT64:
      return absl::StrCat(list ? reflection.GetRepeatedInt64(message, &field, index)
                               : reflection.GetInt64(message, &field));
    case FieldDescriptor::CPPTYPE_UINT64:
      return absl::StrCat(list ? reflection.GetRepeatedUInt64(message, &field, index)
                               : reflection.GetUInt64(message, &field));
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return absl::StrCat(list ? reflection.GetRepeatedDouble(message, &field, index)
                               : reflection.GetDouble(message, &field));
    case FieldDescriptor::CPPTYPE_FLOAT:
      return absl::StrCat(list ? reflection.GetRepeatedFloat(message, &field, index)
                               : reflection.GetFloat(message, &field));
    case FieldDescriptor::CPPTYPE_ENUM:
      return EnumText(list ? *reflection.GetRepeatedEnum(message, &field, index)
                           : *reflection.GetEnum(message, &field));
    case FieldDescriptor::CPPTYPE_STRING:
      return list ? reflection.GetRepeatedString(message, &field, index)
                  : reflection.GetString(message, &field);
    case FieldDescriptor::CPPTYPE_MESSAGE: {
      const Message& nested = list ? reflection.GetRepeatedMessage(message, &field, index)
                                   : reflection.GetMessage(message, &field);
      const auto* duration = dynamic_cast<const google::protobuf::Duration*>(&nested);
      return duration != nullptr ? DurationText(*duration) : MessageText(nested);
    }
  }
  return "";
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
