#include "server/config/field_value.h"

#include <google/protobuf/duration.pb.h>

#include <algorithm>
#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/time/time.h"
#include "ovpn/base/status_macros.h"
#include "ovpn/base/suggest.h"
#include "server/config/string_format.h"

namespace ovpnbroker::server {
namespace {

using config::v1::FieldRules;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// Values that are shown in errors are cut at this many bytes.
constexpr size_t kMaxShown = 60;

std::string Shown(absl::string_view text) {
  const bool cut = text.size() > kMaxShown;
  return absl::StrCat("\"", absl::Utf8SafeCEscape(text.substr(0, kMaxShown)), cut ? "..." : "",
                      "\"");
}

template <typename... Parts>
absl::Status Invalid(const Parts&... parts) {
  return absl::InvalidArgumentError(absl::StrCat(parts...));
}

std::string RangeText(const FieldRules& rules) {
  if (rules.maximum().empty()) return absl::StrCat("at least ", rules.minimum());
  if (rules.minimum().empty()) return absl::StrCat("at most ", rules.maximum());
  return absl::StrCat("between ", rules.minimum(), " and ", rules.maximum());
}

absl::StatusOr<absl::Duration> ParseDurationText(absl::string_view text) {
  absl::Duration duration;
  if (!absl::ParseDuration(text, &duration) || duration < absl::ZeroDuration() ||
      duration == absl::InfiniteDuration()) {
    return Invalid(Shown(text), " is not a duration; write it as 500ms, 5s, 2m or 1h30m");
  }
  return duration;
}

absl::StatusOr<uint32_t> ParseNumberText(absl::string_view text) {
  uint32_t number = 0;
  const bool digits = std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isdigit(static_cast<unsigned char>(c));
  });
  if (!digits || !absl::SimpleAtoi(text, &number)) {
    return Invalid(Shown(text), " is not a whole number");
  }
  return number;
}

// `parse` reads both the value and the limits, so they are written alike.
template <typename Parse, typename Value>
absl::Status CheckRange(const FieldRules& rules, const Value& value, absl::string_view text,
                        Parse parse) {
  const bool too_small = !rules.minimum().empty() && value < *parse(rules.minimum());
  const bool too_large = !rules.maximum().empty() && value > *parse(rules.maximum());
  if (!too_small && !too_large) return absl::OkStatus();
  return Invalid(Shown(text), " is out of range; it must be ", RangeText(rules));
}

absl::Status SetDuration(Message& message, const FieldDescriptor& field, absl::string_view text) {
  ASSIGN_OR_RETURN(const absl::Duration value, ParseDurationText(text));
  google::protobuf::Duration duration;
  absl::Duration rest;
  duration.set_seconds(absl::IDivDuration(value, absl::Seconds(1), &rest));
  duration.set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(rest)));
  message.GetReflection()->MutableMessage(&message, &field)->CopyFrom(duration);
  return CheckRange(RulesOf(field), value, text, ParseDurationText);
}

absl::Status SetNumber(Message& message, const FieldDescriptor& field, absl::string_view text) {
  ASSIGN_OR_RETURN(const uint32_t value, ParseNumberText(text));
  message.GetReflection()->SetUInt32(&message, &field, value);
  return CheckRange(RulesOf(field), value, text, ParseNumberText);
}

absl::Status SetBool(Message& message, const FieldDescriptor& field, absl::string_view text) {
  if (text != "true" && text != "false") {
    return Invalid(Shown(text), " is not accepted; write true or false");
  }
  message.GetReflection()->SetBool(&message, &field, text == "true");
  return absl::OkStatus();
}

// RestartPolicy -> "RESTART_POLICY_".
std::string ValuePrefix(const EnumDescriptor& type) {
  std::string prefix;
  for (const char c : type.name()) {
    if (absl::ascii_isupper(static_cast<unsigned char>(c)) && !prefix.empty()) prefix += '_';
    prefix += absl::ascii_toupper(static_cast<unsigned char>(c));
  }
  return prefix + "_";
}

std::string ShortName(const EnumDescriptor& type, int index) {
  const absl::string_view full = type.value(index)->name();
  const absl::string_view name = full.substr(ValuePrefix(type).size());
  return absl::StrReplaceAll(absl::AsciiStrToLower(name), {{"_", "-"}});
}

absl::Status SetEnum(Message& message, const FieldDescriptor& field, absl::string_view text) {
  const EnumDescriptor& type = *field.enum_type();
  const std::string wanted = absl::StrReplaceAll(absl::AsciiStrToLower(text), {{"_", "-"}});
  // Index 0 is _UNSPECIFIED, which nobody may write.
  for (int i = 1; i < type.value_count(); ++i) {
    if (ShortName(type, i) != wanted) continue;
    message.GetReflection()->SetEnumValue(&message, &field, type.value(i)->number());
    return absl::OkStatus();
  }
  const std::vector<std::string> names = EnumNames(type);
  const std::vector<absl::string_view> known(names.begin(), names.end());
  return Invalid(Shown(text), " is not one of ", absl::StrJoin(names, ", "),
                 ovpn::DidYouMean(wanted, known));
}

absl::Status SetString(Message& message, const FieldDescriptor& field, absl::string_view text,
                       const std::string& directory) {
  const FieldRules& rules = RulesOf(field);
  const auto value = NormalizeString(rules.format(), text, directory);
  const auto* reflection = message.GetReflection();
  const std::string stored = value.ok() ? *value : std::string(text);
  if (field.is_repeated()) {
    reflection->AddString(&message, &field, stored);
  } else {
    reflection->SetString(&message, &field, stored);
  }
  if (rules.required() && text.empty()) return Invalid("must not be empty");
  if (!value.ok()) return Invalid(Shown(text), ": ", value.status().message());
  return absl::OkStatus();
}

bool CanBeEmpty(const google::protobuf::Descriptor& type) {
  for (int i = 0; i < type.field_count(); ++i) {
    if (RulesOf(*type.field(i)).required()) return false;
  }
  return true;
}

bool IsPlainMessage(const FieldDescriptor& field) {
  return field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE && !IsDuration(field);
}

bool IsAbsent(const Message& message, const FieldDescriptor& field) {
  if (field.is_repeated()) return message.GetReflection()->FieldSize(message, &field) == 0;
  return !message.GetReflection()->HasField(message, &field);
}

}  // namespace

const FieldRules& RulesOf(const FieldDescriptor& field) {
  return field.options().GetExtension(config::v1::field_rules);
}

bool IsDuration(const FieldDescriptor& field) {
  return field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE &&
         field.message_type() == google::protobuf::Duration::descriptor();
}

std::vector<std::string> EnumNames(const EnumDescriptor& type) {
  std::vector<std::string> names;
  for (int i = 1; i < type.value_count(); ++i) names.push_back(ShortName(type, i));
  return names;
}

absl::Status SetFieldFromText(Message& message, const FieldDescriptor& field,
                              absl::string_view text, const std::string& directory) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      return SetBool(message, field, text);
    case FieldDescriptor::CPPTYPE_UINT32:
      return SetNumber(message, field, text);
    case FieldDescriptor::CPPTYPE_ENUM:
      return SetEnum(message, field, text);
    case FieldDescriptor::CPPTYPE_STRING:
      return SetString(message, field, text, directory);
    default:
      return SetDuration(message, field, text);
  }
}

std::string TextOfField(const Message& message, const FieldDescriptor& field, int index) {
  const auto& reflection = *message.GetReflection();
  const bool list = index >= 0;
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      return reflection.GetBool(message, &field) ? "true" : "false";
    case FieldDescriptor::CPPTYPE_UINT32:
      return absl::StrCat(reflection.GetUInt32(message, &field));
    case FieldDescriptor::CPPTYPE_ENUM:
      return ShortName(*field.enum_type(), reflection.GetEnum(message, &field)->index());
    case FieldDescriptor::CPPTYPE_STRING:
      return list ? reflection.GetRepeatedString(message, &field, index)
                  : reflection.GetString(message, &field);
    default: {
      if (!IsDuration(field)) return "";
      google::protobuf::Duration duration;
      duration.CopyFrom(reflection.GetMessage(message, &field));
      return absl::FormatDuration(absl::Seconds(duration.seconds()) +
                                  absl::Nanoseconds(duration.nanos()));
    }
  }
}

void ApplyDefaults(Message& message) {
  const auto* reflection = message.GetReflection();
  const auto* type = message.GetDescriptor();
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor& field = *type->field(i);
    const bool absent = IsAbsent(message, field);
    if (IsPlainMessage(field) && field.is_repeated()) {
      for (int item = 0; item < reflection->FieldSize(message, &field); ++item) {
        ApplyDefaults(*reflection->MutableRepeatedMessage(&message, &field, item));
      }
    } else if (IsPlainMessage(field)) {
      const bool in_oneof = field.real_containing_oneof() != nullptr;
      const bool only_if_written =
          in_oneof || RulesOf(field).opt_in() || !CanBeEmpty(*field.message_type());
      if (absent && only_if_written) continue;
      ApplyDefaults(*reflection->MutableMessage(&message, &field));
    } else if (absent && !RulesOf(field).default_value().empty()) {
      // Defaults are absolute and obey their own rules; a test of the schema holds them to it.
      SetFieldFromText(message, field, RulesOf(field).default_value(), "/").IgnoreError();
    }
  }
}

}  // namespace ovpnbroker::server
