// Every method of the admin API, those of services to come too, called as nobody, viewer, operator
// and admin on the real server: the methods are read from the descriptors.
#include "server/admin/authorize.h"

#include <gmock/gmock.h>
#include <google/protobuf/descriptor.pb.h>
#include <grpcpp/create_channel.h>
#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "ovpnbroker/admin/v1/session_service.pb.h"
#include "ovpnbroker/policy/v1/decision.pb.h"
#include "tests/server/admin/error_of.h"
#include "tests/server/admin/generic_call.h"
#include "tests/server/admin_fixture.h"
#include "tests/support/loop_runner.h"

namespace ovpnbroker::server {
namespace {

namespace pb = google::protobuf;
using testing::HasSubstr;
using testing::Not;
using type::v1::Role;

// How long a stream that was let in is listened to.
constexpr std::chrono::milliseconds kStreamPatience{200};

struct Method {
  std::string path;  // "/package.Service/Method"
  bool streaming = false;
  Role required = Role::ROLE_UNSPECIFIED;
};

std::vector<Method> AdminMethods() {
  std::ifstream file(OVPNBROKER_PROTOSET, std::ios::binary);
  pb::FileDescriptorSet set;
  EXPECT_TRUE(set.ParseFromIstream(&file)) << OVPNBROKER_PROTOSET;
  std::vector<Method> methods;
  for (const pb::FileDescriptorProto& proto : set.file()) {
    if (proto.package() != "ovpnbroker.admin.v1") continue;
    for (const pb::ServiceDescriptorProto& service : proto.service()) {
      for (const pb::MethodDescriptorProto& method : service.method()) {
        methods.push_back({"/" + proto.package() + "." + service.name() + "/" + method.name(),
                           method.server_streaming(),
                           method.options().GetExtension(type::v1::required_role)});
      }
    }
  }
  return methods;
}

// Calls with an empty request.
grpc::Status Call(const std::shared_ptr<grpc::Channel>& channel, const Method& method) {
  const std::chrono::milliseconds patience = method.streaming ? kStreamPatience : test::kFailSafe;
  return test::CallByName(channel, method.path, "", patience);
}

TEST(Authorize, EveryMethodAsEveryRole_LetsInWhoHasTheRole) {
  AdminFixture fixture;
  const std::vector<Method> methods = AdminMethods();
  ASSERT_GE(methods.size(), 8U);
  for (const Role role :
       {Role::ROLE_UNSPECIFIED, Role::ROLE_VIEWER, Role::ROLE_OPERATOR, Role::ROLE_ADMIN}) {
    const auto channel =
        grpc::CreateChannel("unix:" + fixture.socket_of(role), grpc::InsecureChannelCredentials());
    for (const Method& method : methods) {
      SCOPED_TRACE(method.path + " as " + type::v1::Role_Name(role));
      ASSERT_NE(method.required, Role::ROLE_UNSPECIFIED);
      const grpc::Status status = Call(channel, method);
      // A method that nobody serves would look like one that is let through.
      EXPECT_NE(status.error_code(), grpc::StatusCode::UNIMPLEMENTED);
      if (role >= method.required) {
        EXPECT_NE(status.error_code(), grpc::StatusCode::PERMISSION_DENIED);
      } else {
        EXPECT_EQ(status.error_code(), grpc::StatusCode::PERMISSION_DENIED)
            << status.error_message();
        EXPECT_EQ(test::ReasonOf(status), "ROLE_MISSING");
      }
    }
  }
}

TEST(Authorize, RefusedKill_LeavesARecordAndTellsNothingOfTheSession) {
  AdminFixture fixture;
  const auto channel = grpc::CreateChannel("unix:" + fixture.socket_of(Role::ROLE_VIEWER),
                                           grpc::InsecureChannelCredentials());
  const grpc::Status status =
      Call(channel, {"/ovpnbroker.admin.v1.SessionService/KillSession", false, {}});
  // Not "uid must be set": whoever may not kill does not learn what is there.
  EXPECT_EQ(status.error_code(), grpc::StatusCode::PERMISSION_DENIED);
  ASSERT_EQ(fixture.logger().Count("AUDIT"), 1);
  EXPECT_TRUE(fixture.logger().Mentions("role=viewer method=SessionService.KillSession"));
  EXPECT_TRUE(fixture.logger().Mentions("outcome=failed result=PERMISSION_DENIED"));
}

TEST(Authorize, CallerWithoutCertificate_IsUnauthenticated) {
  test::RecordingLogger logger;
  const auto audit = AuditLog::Make(logger, {}).value();
  const Admission admission =
      Admit({"ipv4:192.0.2.1:1", false, Role::ROLE_ADMIN}, admin::v1::GetSessionRequest(), *audit);
  EXPECT_EQ(admission.status.error_code(), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(test::ReasonOf(admission.status), "CALLER_UNKNOWN");
}

TEST(Authorize, RequestOfNoMethod_IsForNobody) {
  test::RecordingLogger logger;
  const auto audit = AuditLog::Make(logger, {}).value();
  const Admission admission =
      Admit({"unix:/a", true, Role::ROLE_ADMIN}, admin::v1::GetSessionResponse(), *audit);
  EXPECT_EQ(admission.status.error_code(), grpc::StatusCode::PERMISSION_DENIED);
}

TEST(Authorize, LookingCall_LeavesNoRecord) {
  test::RecordingLogger logger;
  const auto audit = AuditLog::Make(logger, {}).value();
  {
    const Admission admission =
        Admit({"unix:/a", true, Role::ROLE_VIEWER}, admin::v1::GetSessionRequest(), *audit);
    EXPECT_TRUE(admission.status.ok());
  }
  EXPECT_EQ(logger.Count("AUDIT"), 0);
}

TEST(DescribeRequest, Secrets_AreLeftOut) {
  ovpnbroker::policy::v1::DecisionRequest request;
  request.set_decision_id("d-1");
  request.mutable_credentials()->set_password("hunter2");
  const std::string text = DescribeRequest(request);
  EXPECT_THAT(text, HasSubstr("decision_id=\"d-1\""));
  EXPECT_THAT(text, HasSubstr("password=(secret)"));
  EXPECT_THAT(text, Not(HasSubstr("hunter2")));
}

TEST(DescribeRequest, LongRequest_IsCut) {
  admin::v1::ListSessionsRequest request;
  request.set_filter(std::string(100'000, 'x'));
  EXPECT_LT(DescribeRequest(request).size(), 300U);
}

}  // namespace
}  // namespace ovpnbroker::server
