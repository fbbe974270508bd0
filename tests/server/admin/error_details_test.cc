// What each class of refusal carries: the code, an ErrorInfo with its reason, and the detail that
// belongs to the code. One row a refusal, called by name on the real server.
#include <gmock/gmock.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/text_format.h>
#include <grpcpp/create_channel.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "server/admin/rpc_error.h"
#include "tests/server/admin/error_of.h"
#include "tests/server/admin/generic_call.h"
#include "tests/server/admin_fixture.h"
#include "tests/support/loop_runner.h"

namespace ovpnbroker::server {
namespace {

using google::rpc::BadRequest;
using google::rpc::PreconditionFailure;
using google::rpc::QuotaFailure;
using google::rpc::ResourceInfo;
using google::rpc::RetryInfo;
using grpc::StatusCode;
using testing::ElementsAre;

constexpr char kPackage[] = "ovpnbroker.admin.v1.";

struct Refusal {
  const char* method;   // "BanService.GetBan"
  const char* request;  // text format
  StatusCode code;
  const char* reason;
  const char* detail;  // behind the ErrorInfo, in google.rpc; empty: nothing
};

void PrintTo(const Refusal& refusal, std::ostream* out) {
  *out << refusal.method << " { " << refusal.request << " }";
}

class ErrorDetailsTest : public testing::Test {
 protected:
  ErrorDetailsTest() {
    fixture_.OnLoop([](FakeBrokerControl& broker) {
      policy::AddressPool& pool = *broker.address_pools().Find("staff");
      const auto nobody = [](const policy::AddressLease&) { return false; };
      EXPECT_TRUE(pool.Give("cn=alice", {}, nobody).ok());
      pool.OnHeld(*ovpn::IpAddress::Parse("10.8.0.10"));
    });
  }

  grpc::Status Call(const std::string& method, const std::string& request,
                    type::v1::Role role = type::v1::ROLE_ADMIN) const {
    const auto* descriptor =
        google::protobuf::DescriptorPool::generated_pool()->FindMethodByName(kPackage + method);
    if (descriptor == nullptr) return {StatusCode::UNIMPLEMENTED, "no such method"};
    const std::unique_ptr<google::protobuf::Message> message(
        google::protobuf::MessageFactory::generated_factory()
            ->GetPrototype(descriptor->input_type())
            ->New());
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(request, message.get())) << request;
    const auto channel =
        grpc::CreateChannel("unix:" + fixture_.socket_of(role), grpc::InsecureChannelCredentials());
    return test::CallByName(channel,
                            absl::StrCat("/", kPackage, absl::StrReplaceAll(method, {{".", "/"}})),
                            message->SerializeAsString(), test::kFailSafe);
  }

  // The status of the refusal, which must be as its row says.
  grpc::Status Expect(const Refusal& refusal) const {
    const grpc::Status status = Call(refusal.method, refusal.request);
    EXPECT_EQ(status.error_code(), refusal.code) << status.error_message();
    EXPECT_EQ(test::ReasonOf(status), refusal.reason) << status.error_message();
    std::vector<std::string> types = {"google.rpc.ErrorInfo"};
    if (*refusal.detail != '\0') types.push_back(absl::StrCat("google.rpc.", refusal.detail));
    EXPECT_EQ(test::DetailTypesOf(status), types);
    return status;
  }

  AdminFixture fixture_;
};

class MissingResource : public ErrorDetailsTest, public testing::WithParamInterface<Refusal> {};

TEST_P(MissingResource, IsNotFoundAndNamed) {
  const grpc::Status status = Expect(GetParam());
  const auto resource = test::DetailOf<ResourceInfo>(status);
  ASSERT_TRUE(resource.has_value());
  EXPECT_EQ(resource->resource_name(), "no:1");
  EXPECT_NE(resource->resource_type(), "");
  // The metadata name it as well.
  const auto info = test::DetailOf<google::rpc::ErrorInfo>(status);
  bool named = false;
  for (const auto& [name, value] : info->metadata()) named = named || value == "no:1";
  EXPECT_TRUE(named);
}

Refusal Missing(const char* method, const char* request, const char* reason) {
  return {method, request, StatusCode::NOT_FOUND, reason, "ResourceInfo"};
}

INSTANTIATE_TEST_SUITE_P(
    Methods, MissingResource,
    testing::Values(
        Missing("SessionService.GetSession", "uid: 'no:1'", "SESSION_NOT_FOUND"),
        Missing("SessionService.KillSession", "uid: 'no:1'", "SESSION_NOT_FOUND"),
        Missing("BanService.GetBan", "uid: 'no:1'", "BAN_NOT_FOUND"),
        Missing("BanService.DeleteBan", "uid: 'no:1'", "BAN_NOT_FOUND"),
        Missing("InstanceService.GetInstance", "name: 'no:1'", "INSTANCE_NOT_FOUND"),
        Missing("RecordingService.RecordDecisions", "instance: 'no:1'", "INSTANCE_NOT_FOUND"),
        Missing("PolicyAdminService.GetPolicy", "name: 'no:1'", "POLICY_NOT_FOUND"),
        Missing("PolicyAdminService.DrainPolicyReplica", "policy: 'no:1' address: 'unix:/a'",
                "POLICY_NOT_FOUND"),
        Missing("PolicyAdminService.ResumePolicyReplica", "policy: 'staff' address: 'no:1'",
                "REPLICA_NOT_FOUND"),
        Missing("PolicyAdminService.EvaluateDecision", "instance: 'no:1'", "INSTANCE_NOT_FOUND"),
        Missing("PolicyAdminService.EvaluateDecision", "instance: 'office' policy: 'no:1'",
                "POLICY_NOT_FOUND"),
        Missing("AddressPoolService.ListAddressLeases", "pool: 'no:1'", "POOL_NOT_FOUND"),
        Missing("AddressPoolService.ReleaseAddressLease", "pool: 'no:1' address: '10.8.0.11'",
                "POOL_NOT_FOUND"),
        Missing("DecisionService.GetDecision", "id: 'no:1'", "DECISION_NOT_FOUND"),
        Missing("ShadowService.ListShadowDifferences", "policy: 'no:1'", "SHADOW_NOT_FOUND")));

TEST_F(ErrorDetailsTest, MissingLease_IsNamedByItsAddress) {
  const grpc::Status status =
      Expect({"AddressPoolService.ReleaseAddressLease", "pool: 'staff' address: '10.8.0.11'",
              StatusCode::NOT_FOUND, "LEASE_NOT_FOUND", "ResourceInfo"});
  EXPECT_EQ(test::DetailOf<ResourceInfo>(status)->resource_name(), "10.8.0.11");
}

class OtherRefusal : public ErrorDetailsTest, public testing::WithParamInterface<Refusal> {};

TEST_P(OtherRefusal, CarriesItsDetail) { Expect(GetParam()); }

INSTANTIATE_TEST_SUITE_P(
    Classes, OtherRefusal,
    testing::Values(
        Refusal{"SessionService.GetSession", "", StatusCode::INVALID_ARGUMENT, "UID_MISSING",
                "BadRequest"},
        Refusal{"SessionService.ListSessions", "filter: 'colour = red'",
                StatusCode::INVALID_ARGUMENT, "FILTER_INVALID", "BadRequest"},
        Refusal{"BanService.ListBans", "page_size: -1", StatusCode::INVALID_ARGUMENT,
                "PAGE_SIZE_INVALID", "BadRequest"},
        Refusal{"InstanceService.StartInstance", "name: 'office' reason: '\\n'",
                StatusCode::INVALID_ARGUMENT, "REASON_INVALID", "BadRequest"},
        Refusal{"PolicyAdminService.EvaluateDecision", "instance: 'office' real_address: 'x'",
                StatusCode::INVALID_ARGUMENT, "CLIENT_INVALID", "BadRequest"},
        Refusal{"PolicyAdminService.EvaluateDecision", "instance: 'office'",
                StatusCode::FAILED_PRECONDITION, "DRY_RUN_UNSUPPORTED", "PreconditionFailure"},
        Refusal{"PolicyAdminService.ResumePolicyReplica",
                "policy: 'staff' address: 'unix:/run/policy.sock'", StatusCode::FAILED_PRECONDITION,
                "REPLICA_NOT_DRAINED", "PreconditionFailure"},
        Refusal{"AddressPoolService.ReleaseAddressLease", "pool: 'staff' address: '10.8.0.10'",
                StatusCode::FAILED_PRECONDITION, "LEASE_HELD", "PreconditionFailure"},
        Refusal{"SessionService.KillSessions", "username: 'nobody' expected_count: 3",
                StatusCode::ABORTED, "COUNT_CHANGED", ""},
        Refusal{"SessionService.WatchSessions", "watch_token: 'other.5'", StatusCode::OUT_OF_RANGE,
                "WATCH_TOKEN_EXPIRED", ""}));

TEST_F(ErrorDetailsTest, SecondBan_NamesTheFirst) {
  const char* const request = "username: 'mallory' reason: 'lost'";
  ASSERT_TRUE(Call("BanService.CreateBan", request).ok());
  const grpc::Status status = Expect(
      {"BanService.CreateBan", request, StatusCode::ALREADY_EXISTS, "BAN_EXISTS", "ResourceInfo"});
  EXPECT_EQ(test::DetailOf<ResourceInfo>(status)->resource_type(), "ban");
}

TEST_F(ErrorDetailsTest, FullBanList_NamesTheQuota) {
  fixture_.OnLoop([](FakeBrokerControl& broker) { broker.bans().full = true; });
  const grpc::Status status = Expect({"BanService.CreateBan", "username: 'mallory' reason: 'lost'",
                                      StatusCode::RESOURCE_EXHAUSTED, "BAN_LIMIT", "QuotaFailure"});
  const auto failure = test::DetailOf<QuotaFailure>(status);
  ASSERT_TRUE(failure.has_value());
  EXPECT_EQ(failure->violations(0).subject(), "bans");
  EXPECT_EQ(failure->violations(0).description(), "there are 2 bans already");
}

TEST_F(ErrorDetailsTest, WrongInstanceState_NamesInstanceAndState) {
  fixture_.OnLoop([](FakeBrokerControl& broker) {
    broker.instances.answer = {InstanceAnswer::Code::kWrongState, "it is started already"};
  });
  const grpc::Status status =
      Expect({"InstanceService.StartInstance", "name: 'office'", StatusCode::FAILED_PRECONDITION,
              "INSTANCE_STATE", "PreconditionFailure"});
  const auto failure = test::DetailOf<PreconditionFailure>(status);
  ASSERT_TRUE(failure.has_value());
  EXPECT_EQ(failure->violations(0).subject(), "instances/office");
  EXPECT_EQ(test::DetailOf<google::rpc::ErrorInfo>(status)->metadata().at("state"), "RUNNING");
}

TEST_F(ErrorDetailsTest, BrokerThatStops_SaysWhenToTryAgain) {
  fixture_.OnLoop([](FakeBrokerControl& broker) {
    broker.instances.answer = {InstanceAnswer::Code::kStopping, "the broker is stopping"};
    broker.reload_report.result = ReloadReport::Result::kStopping;
  });
  for (const char* method : {"InstanceService.StartInstance", "InstanceService.UndrainInstance"}) {
    const grpc::Status status =
        Expect({method, "name: 'office'", StatusCode::UNAVAILABLE, "BROKER_STOPPING", "RetryInfo"});
    EXPECT_GT(test::DetailOf<RetryInfo>(status)->retry_delay().seconds(), 0);
  }
  Expect(
      {"BrokerService.ReloadConfig", "", StatusCode::UNAVAILABLE, "BROKER_STOPPING", "RetryInfo"});
}

TEST_F(ErrorDetailsTest, TooManyDryRuns_NameTheQuota) {
  fixture_.OnLoop([](FakeBrokerControl& broker) {
    broker.evaluation = absl::ResourceExhaustedError("at most 2 at once");
  });
  const grpc::Status status =
      Expect({"PolicyAdminService.EvaluateDecision", "instance: 'office'",
              StatusCode::RESOURCE_EXHAUSTED, "TOO_MANY_DRY_RUNS", "QuotaFailure"});
  EXPECT_EQ(test::DetailOf<QuotaFailure>(status)->violations(0).subject(), "dry_runs");
}

TEST_F(ErrorDetailsTest, OneWatchTooMany_NamesTheLimitAndTheRemedy) {
  fixture_.server().SetMaxWatches(0);
  for (const char* method : {"LoggerService.TailLog", "InstanceService.WatchInstances",
                             "SessionService.WatchSessions", "RecordingService.RecordDecisions"}) {
    const grpc::Status status =
        Expect({method, "", StatusCode::RESOURCE_EXHAUSTED, "TOO_MANY_WATCHES", "QuotaFailure"});
    const auto failure = test::DetailOf<QuotaFailure>(status);
    EXPECT_EQ(failure->violations(0).subject(), "watches");
    EXPECT_NE(failure->violations(0).description().find("raise admin.max_watches"),
              std::string::npos);
  }
}

TEST_F(ErrorDetailsTest, ConfigurationWithErrors_NamesTheFields) {
  fixture_.OnLoop([](FakeBrokerControl& broker) {
    broker.reload_report.result = ReloadReport::Result::kInvalid;
    broker.reload_report.errors = {"rules.yaml:3:1: unknown field"};
  });
  const grpc::Status status =
      Expect({"BrokerService.ReloadConfig", "", StatusCode::INVALID_ARGUMENT, "CONFIG_INVALID",
              "BadRequest"});
  EXPECT_EQ(test::DetailOf<BadRequest>(status)->field_violations(0).description(),
            "rules.yaml:3:1: unknown field");
}

TEST_F(ErrorDetailsTest, RefusedReload_NamesWhatNeedsARestart) {
  fixture_.OnLoop([](FakeBrokerControl& broker) {
    ReloadChange change;
    change.field.path = "state_directory";
    change.refused = true;
    broker.reload_report.result = ReloadReport::Result::kRefused;
    broker.reload_report.changes = {change};
  });
  const grpc::Status status =
      Expect({"BrokerService.ReloadConfig", "", StatusCode::FAILED_PRECONDITION,
              "RELOAD_NEEDS_RESTART", "PreconditionFailure"});
  EXPECT_EQ(test::DetailOf<PreconditionFailure>(status)->violations(0).subject(),
            "state_directory");
}

TEST_F(ErrorDetailsTest, CallerWithoutTheRole_IsToldWhichRole) {
  const grpc::Status status =
      Call("InstanceService.StopInstance", "name: 'no:1'", type::v1::ROLE_VIEWER);
  EXPECT_EQ(status.error_code(), StatusCode::PERMISSION_DENIED);
  // Nothing of the instance that does not exist.
  EXPECT_THAT(test::DetailTypesOf(status), ElementsAre("google.rpc.ErrorInfo"));
  const auto info = test::DetailOf<google::rpc::ErrorInfo>(status);
  EXPECT_EQ(info->metadata().at("required_role"), "admin");
}

TEST(ReaderTooSlow, Status_NamesTheQuotaAndMayBeginAgain) {
  const grpc::Status status = ReaderTooSlow("log", "READER_TOO_SLOW", "more than 3 wait");
  EXPECT_EQ(status.error_code(), StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(test::ReasonOf(status), "READER_TOO_SLOW");
  EXPECT_THAT(
      test::DetailTypesOf(status),
      ElementsAre("google.rpc.ErrorInfo", "google.rpc.QuotaFailure", "google.rpc.RetryInfo"));
  EXPECT_EQ(test::DetailOf<QuotaFailure>(status)->violations(0).subject(), "log");
}

}  // namespace
}  // namespace ovpnbroker::server
