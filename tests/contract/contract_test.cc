// The rules of proto/README.md, checked on the compiled descriptors with their comments: what buf
// does not know, and what must hold where buf is not installed.
#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <regex>
#include <string>
#include <vector>

#include "ovpnbroker/type/v1/options.pb.h"

namespace ovpnbroker {
namespace {

namespace pb = google::protobuf;

constexpr char kOurPackages[] = "ovpnbroker.";
constexpr char kAdminPackage[] = "ovpnbroker.admin.";

class ContractTest : public testing::Test {
 protected:
  void SetUp() override {
    std::ifstream file(OVPNBROKER_PROTOSET, std::ios::binary);
    ASSERT_TRUE(set_.ParseFromIstream(&file)) << OVPNBROKER_PROTOSET;
    for (const pb::FileDescriptorProto& proto : set_.file()) {
      const pb::FileDescriptor* built = pool_.BuildFile(proto);
      ASSERT_NE(built, nullptr) << proto.name();
      if (proto.package().rfind(kOurPackages, 0) == 0) files_.push_back(built);
    }
    ASSERT_FALSE(files_.empty());
  }

  // Calls back for every message of ours, nested ones too, without the entries of maps.
  void ForEachMessage(const std::function<void(const pb::Descriptor&)>& visit) const {
    const std::function<void(const pb::Descriptor&)> walk = [&](const pb::Descriptor& message) {
      if (message.options().map_entry()) return;
      visit(message);
      for (int i = 0; i < message.nested_type_count(); ++i) walk(*message.nested_type(i));
    };
    for (const pb::FileDescriptor* file : files_) {
      for (int i = 0; i < file->message_type_count(); ++i) walk(*file->message_type(i));
    }
  }

  void ForEachField(const std::function<void(const pb::FieldDescriptor&)>& visit) const {
    ForEachMessage([&visit](const pb::Descriptor& message) {
      for (int i = 0; i < message.field_count(); ++i) visit(*message.field(i));
    });
  }

  void ForEachEnum(const std::function<void(const pb::EnumDescriptor&)>& visit) const {
    for (const pb::FileDescriptor* file : files_) {
      for (int i = 0; i < file->enum_type_count(); ++i) visit(*file->enum_type(i));
    }
    ForEachMessage([&visit](const pb::Descriptor& message) {
      for (int i = 0; i < message.enum_type_count(); ++i) visit(*message.enum_type(i));
    });
  }

  void ForEachMethod(const std::function<void(const pb::MethodDescriptor&)>& visit) const {
    for (const pb::FileDescriptor* file : files_) {
      for (int i = 0; i < file->service_count(); ++i) {
        for (int j = 0; j < file->service(i)->method_count(); ++j) {
          visit(*file->service(i)->method(j));
        }
      }
    }
  }

  pb::FileDescriptorSet set_;
  pb::DescriptorPool pool_;
  std::vector<const pb::FileDescriptor*> files_;
};

template <typename Element>
void ExpectComment(const Element& element) {
  pb::SourceLocation location;
  ASSERT_TRUE(element.GetSourceLocation(&location)) << element.full_name();
  EXPECT_FALSE(location.leading_comments.empty() && location.trailing_comments.empty())
      << element.full_name() << " has no comment";
}

// Options are read from their wire form: the descriptors of the set do not know our extensions'
// types.
template <typename Options>
Options Reparse(const Options& options) {
  Options parsed;
  EXPECT_TRUE(parsed.ParseFromString(options.SerializeAsString()));
  return parsed;
}

TEST_F(ContractTest, EveryElement_HasAComment) {
  ForEachMessage([](const pb::Descriptor& message) { ExpectComment(message); });
  ForEachField([](const pb::FieldDescriptor& field) { ExpectComment(field); });
  ForEachMethod([](const pb::MethodDescriptor& method) {
    ExpectComment(*method.service());
    ExpectComment(method);
  });
  ForEachEnum([](const pb::EnumDescriptor& type) {
    ExpectComment(type);
    for (int i = 0; i < type.value_count(); ++i) ExpectComment(*type.value(i));
  });
}

TEST_F(ContractTest, EveryEnum_BeginsUnspecified) {
  static const std::regex kUnspecified("[A-Z0-9_]+_UNSPECIFIED");
  ForEachEnum([](const pb::EnumDescriptor& type) {
    const pb::EnumValueDescriptor* zero = type.FindValueByNumber(0);
    ASSERT_NE(zero, nullptr) << type.full_name();
    EXPECT_TRUE(std::regex_match(zero->name(), kUnspecified)) << zero->full_name();
  });
}

TEST_F(ContractTest, EverySecret_IsMarkedSensitive) {
  static const std::regex kSecretName(
      "password|challenge_response|token|.*_(password|secret|token)");
  // Opaque positions in a list, nothing that opens anything.
  static const std::regex kNotSecret("(next_)?page_token|watch_token");
  int secrets = 0;
  ForEachField([&secrets](const pb::FieldDescriptor& field) {
    if (!std::regex_match(field.name(), kSecretName)) return;
    if (std::regex_match(field.name(), kNotSecret)) return;
    if (field.type() == pb::FieldDescriptor::TYPE_BOOL) return;
    ++secrets;
    EXPECT_TRUE(Reparse(field.options()).GetExtension(type::v1::sensitive))
        << field.full_name() << " lacks [(ovpnbroker.type.v1.sensitive) = true]";
  });
  EXPECT_GE(secrets, 2);
}

TEST_F(ContractTest, EveryAdminMethod_RequiresARole) {
  ForEachMethod([](const pb::MethodDescriptor& method) {
    if (method.full_name().rfind(kAdminPackage, 0) != 0) return;
    EXPECT_NE(Reparse(method.options()).GetExtension(type::v1::required_role),
              type::v1::ROLE_UNSPECIFIED)
        << method.full_name() << " lacks option (ovpnbroker.type.v1.required_role)";
  });
}

TEST_F(ContractTest, EveryMethod_HasItsOwnRequestAndResponse) {
  std::vector<std::string> seen;
  ForEachMethod([&seen](const pb::MethodDescriptor& method) {
    for (const pb::Descriptor* type : {method.input_type(), method.output_type()}) {
      EXPECT_EQ(std::count(seen.begin(), seen.end(), type->full_name()), 0) << type->full_name();
      seen.push_back(type->full_name());
    }
  });
}

}  // namespace
}  // namespace ovpnbroker
