// What the configuration's schema says of itself must be true: the loader applies it without
// asking.
#include <google/protobuf/dynamic_message.h>
#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "ovpnbroker/config/v1/broker_config.pb.h"
#include "server/config/field_value.h"

namespace ovpnbroker::server {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

// All message types of the configuration.
std::set<const Descriptor*> ConfigTypes() {
  std::set<const Descriptor*> types;
  std::vector<const Descriptor*> open = {config::v1::BrokerConfig::descriptor()};
  while (!open.empty()) {
    const Descriptor* type = open.back();
    open.pop_back();
    if (!types.insert(type).second) continue;
    for (int i = 0; i < type->field_count(); ++i) {
      const FieldDescriptor& field = *type->field(i);
      if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE && !IsDuration(field)) {
        open.push_back(field.message_type());
      }
    }
  }
  return types;
}

TEST(ConfigSchema, EveryDefaultAndLimit_IsAcceptedByItsOwnField) {
  google::protobuf::DynamicMessageFactory factory;
  for (const Descriptor* type : ConfigTypes()) {
    for (int i = 0; i < type->field_count(); ++i) {
      const FieldDescriptor& field = *type->field(i);
      const auto& rules = RulesOf(field);
      for (const std::string& text : {rules.default_value(), rules.minimum(), rules.maximum()}) {
        if (text.empty()) continue;
        const std::unique_ptr<google::protobuf::Message> message(factory.GetPrototype(type)->New());
        EXPECT_TRUE(SetFieldFromText(*message, field, text, "/").ok())
            << field.full_name() << ": " << text;
      }
    }
  }
}

// The loader knows these types only.
TEST(ConfigSchema, EveryField_HasATypeThatTheLoaderReads) {
  const std::set<FieldDescriptor::CppType> known = {
      FieldDescriptor::CPPTYPE_BOOL, FieldDescriptor::CPPTYPE_UINT32, FieldDescriptor::CPPTYPE_ENUM,
      FieldDescriptor::CPPTYPE_STRING, FieldDescriptor::CPPTYPE_MESSAGE};
  for (const Descriptor* type : ConfigTypes()) {
    for (int i = 0; i < type->field_count(); ++i) {
      const FieldDescriptor& field = *type->field(i);
      EXPECT_TRUE(known.count(field.cpp_type()) == 1) << field.full_name();
      const bool is_list_of_other =
          field.is_repeated() &&
          (IsDuration(field) || (field.cpp_type() != FieldDescriptor::CPPTYPE_STRING &&
                                 field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE));
      EXPECT_FALSE(is_list_of_other) << field.full_name();
    }
  }
}

}  // namespace
}  // namespace ovpnbroker::server
