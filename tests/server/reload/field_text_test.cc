#include "server/reload/field_text.h"

#include <gtest/gtest.h>

#include "ovpnbroker/config/v1/broker_config.pb.h"
#include "ovpnbroker/policy/v1/decision.pb.h"
#include "ovpnbroker/type/v1/credentials.pb.h"
#include "ovpnbroker/type/v1/options.pb.h"

namespace ovpnbroker::server {
namespace {

std::string Text(const google::protobuf::Message& message, const char* field) {
  return FieldText(message, *message.GetDescriptor()->FindFieldByName(field));
}

TEST(FieldText, ValuesAreWrittenAsInYaml) {
  config::v1::InstanceConfig instance;
  instance.mutable_stop_timeout()->set_nanos(250'000'000);
  instance.set_address_mismatch(config::v1::ADDRESS_MISMATCH_TOLERATE);
  instance.mutable_restart()->set_policy(config::v1::RESTART_POLICY_ON_FAILURE);
  instance.set_prompt_verdict(false);
  EXPECT_EQ(Text(instance, "stop_timeout"), "250ms");
  EXPECT_EQ(Text(instance, "address_mismatch"), "tolerate");
  EXPECT_EQ(Text(instance, "restart"), "{policy: on-failure}");
  EXPECT_EQ(Text(instance, "prompt_verdict"), "false");
  EXPECT_EQ(Text(instance, "reply_timeout"), "");
}

// Every message with a secret in our contracts is masked by the same walk.
TEST(FieldText, SensitiveFields_AreMasked) {
  type::v1::Credentials credentials;
  const auto* descriptor = credentials.GetDescriptor();
  int secrets = 0;
  for (int i = 0; i < descriptor->field_count(); ++i) {
    const auto* field = descriptor->field(i);
    if (!field->options().GetExtension(type::v1::sensitive)) continue;
    ASSERT_EQ(field->cpp_type(), google::protobuf::FieldDescriptor::CPPTYPE_STRING);
    credentials.GetReflection()->SetString(&credentials, field, "hunter2");
    ++secrets;
  }
  ASSERT_GT(secrets, 0);
  EXPECT_EQ(MessageText(credentials).find("hunter2"), std::string::npos);
  MaskSecrets(credentials);
  EXPECT_EQ(credentials.DebugString().find("hunter2"), std::string::npos);
  EXPECT_NE(credentials.DebugString().find(kMask), std::string::npos);
}

}  // namespace
}  // namespace ovpnbroker::server
