// InstanceService: what becomes of a request on its way to the instances, and the watch.
#include <gmock/gmock.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "ovpnbroker/admin/v1/instance_service.grpc.pb.h"
#include "tests/server/admin/error_of.h"
#include "tests/server/admin_fixture.h"
#include "tests/support/loop_runner.h"

namespace ovpnbroker::server {
namespace {

namespace v1 = admin::v1;
using std::chrono::seconds;
using testing::ElementsAre;

class InstanceServiceTest : public testing::Test {
 protected:
  InstanceServiceTest()
      : instances_(v1::InstanceService::NewStub(grpc::CreateChannel(
            "unix:" + fixture_.socket(), grpc::InsecureChannelCredentials()))) {}

  static std::unique_ptr<grpc::ClientContext> Context(seconds deadline = test::kFailSafe) {
    auto context = std::make_unique<grpc::ClientContext>();
    context->set_deadline(std::chrono::system_clock::now() + deadline);
    return context;
  }
  grpc::Status Restart(const v1::RestartInstanceRequest& request,
                       seconds deadline = std::chrono::minutes(10)) {
    v1::RestartInstanceResponse response;
    return instances_->RestartInstance(Context(deadline).get(), request, &response);
  }
  grpc::Status Drain(const v1::DrainInstanceRequest& request) {
    v1::DrainInstanceResponse response;
    return instances_->DrainInstance(Context().get(), request, &response);
  }
  InstanceOrder LastOrder() {
    InstanceOrder order;
    fixture_.OnLoop([&order](FakeBrokerControl& broker) {
      ASSERT_FALSE(broker.instances.orders.empty());
      order = broker.instances.orders.back();
    });
    return order;
  }

  AdminFixture fixture_;
  std::unique_ptr<v1::InstanceService::Stub> instances_;
};

v1::RestartInstanceRequest RestartOf(const std::string& name) {
  v1::RestartInstanceRequest request;
  request.set_name(name);
  return request;
}

// The verb that a call of `method` leads to.
template <typename Request, typename Response>
void CallVerb(v1::InstanceService::Stub& instances,
              grpc::Status (v1::InstanceService::Stub::*method)(grpc::ClientContext*,
                                                                const Request&, Response*)) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + test::kFailSafe);
  Request request;
  request.set_name("office");
  Response response;
  const grpc::Status status = (instances.*method)(&context, request, &response);
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(response.instance().name(), "office");
}

TEST_F(InstanceServiceTest, EachMethod_OrdersItsVerbAndShowsTheInstance) {
  using Stub = v1::InstanceService::Stub;
  CallVerb(*instances_, &Stub::StartInstance);
  CallVerb(*instances_, &Stub::StopInstance);
  CallVerb(*instances_, &Stub::RestartInstance);
  CallVerb(*instances_, &Stub::SoftRestartInstance);
  CallVerb(*instances_, &Stub::AttachInstance);
  CallVerb(*instances_, &Stub::DetachInstance);
  fixture_.OnLoop([](FakeBrokerControl& broker) {
    std::vector<InstanceVerb> verbs;
    for (const InstanceOrder& order : broker.instances.orders) verbs.push_back(order.verb);
    EXPECT_THAT(verbs, ElementsAre(InstanceVerb::kStart, InstanceVerb::kStop,
                                   InstanceVerb::kRestart, InstanceVerb::kSoftRestart,
                                   InstanceVerb::kAttach, InstanceVerb::kDetach));
  });
}

TEST_F(InstanceServiceTest, Restart_TakesWaitAndGrace) {
  v1::RestartInstanceRequest request = RestartOf("office");
  ASSERT_TRUE(Restart(request).ok());
  EXPECT_EQ(LastOrder().wait, seconds(10));  // the default
  EXPECT_EQ(LastOrder().grace, std::nullopt);

  request.mutable_wait()->set_seconds(60);
  request.mutable_grace_period()->set_seconds(3);
  ASSERT_TRUE(Restart(request).ok());
  EXPECT_EQ(LastOrder().wait, seconds(60));
  EXPECT_EQ(LastOrder().grace, seconds(3));

  // The answer must come before the caller has gone.
  ASSERT_TRUE(Restart(request, test::kFailSafe).ok());
  EXPECT_LT(LastOrder().wait, test::kFailSafe);
}

TEST_F(InstanceServiceTest, Restart_BadDurationsAreRefusedAndOrderNothing) {
  v1::RestartInstanceRequest request = RestartOf("office");
  request.mutable_wait()->set_seconds(301);
  EXPECT_EQ(test::ReasonOf(Restart(request)), "DURATION_INVALID");
  request.clear_wait();
  request.mutable_grace_period()->set_seconds(-1);
  EXPECT_EQ(test::ReasonOf(Restart(request)), "DURATION_INVALID");
  EXPECT_EQ(test::ReasonOf(Restart({})), "NAME_MISSING");
  fixture_.OnLoop([](FakeBrokerControl& broker) { EXPECT_TRUE(broker.instances.orders.empty()); });
}

TEST_F(InstanceServiceTest, Drain_TakesItsEndAndReason) {
  v1::DrainInstanceRequest request;
  request.set_name("office");
  request.set_reason("moving");
  ASSERT_TRUE(Drain(request).ok());
  request.mutable_end_after()->set_seconds(3600);
  ASSERT_TRUE(Drain(request).ok());
  request.mutable_end_after()->set_seconds(7 * 24 * 3600 + 1);
  EXPECT_EQ(test::ReasonOf(Drain(request)), "DURATION_INVALID");
  fixture_.OnLoop([](FakeBrokerControl& broker) {
    ASSERT_EQ(broker.instances.drains.size(), 2U);
    EXPECT_EQ(broker.instances.drains[0].reason, "moving");
    EXPECT_EQ(broker.instances.drains[0].end_after, std::nullopt);
    EXPECT_EQ(broker.instances.drains[1].end_after, seconds(3600));
  });
}

TEST_F(InstanceServiceTest, Undrain_OfWhatIsNotDrained_IsRefused) {
  fixture_.OnLoop([](FakeBrokerControl& broker) {
    broker.instances.answer = {InstanceAnswer::Code::kNotDraining, "it is not drained"};
  });
  v1::UndrainInstanceRequest request;
  request.set_name("office");
  v1::UndrainInstanceResponse response;
  const grpc::Status status = instances_->UndrainInstance(Context().get(), request, &response);
  EXPECT_EQ(test::ReasonOf(status), "NOT_DRAINING");
  EXPECT_EQ(status.error_message(), "office: it is not drained");
}

class InstanceWatchTest : public InstanceServiceTest {
 protected:
  void Change(const std::string& instance, int times = 1) {
    fixture_.OnLoop([&](FakeBrokerControl& broker) {
      for (int i = 0; i < times; ++i) broker.instances.Change(instance);
    });
  }
  // "KIND name" of the next message.
  std::string Next() {
    v1::WatchInstancesResponse response;
    if (!reader_->Read(&response)) return "the end";
    return v1::WatchInstancesResponse::Kind_Name(response.kind()) + " " +
           response.instance().name();
  }
  // Behind the instances as they are.
  void Open() {
    reader_ = instances_->WatchInstances(context_.get(), {});
    EXPECT_EQ(Next(), "KIND_CURRENT office");
    EXPECT_EQ(Next(), "KIND_CURRENT home");
    EXPECT_EQ(Next(), "KIND_CURRENT_COMPLETE ");
  }

  const std::unique_ptr<grpc::ClientContext> context_ = Context();
  std::unique_ptr<grpc::ClientReader<v1::WatchInstancesResponse>> reader_;
};

TEST_F(InstanceWatchTest, Watch_TellsWhatIsAndThenEachChange) {
  Open();
  Change("home");
  EXPECT_EQ(Next(), "KIND_CHANGED home");
  Change("office");
  EXPECT_EQ(Next(), "KIND_CHANGED office");
  context_->TryCancel();
  EXPECT_EQ(reader_->Finish().error_code(), grpc::StatusCode::CANCELLED);
}

TEST_F(InstanceWatchTest, ReaderThatDoesNotRead_IsCutAndForgotten) {
  Open();
  // Far more than the transport holds.
  Change("office", 20'000);
  while (Next() != "the end") {
  }
  const grpc::Status status = reader_->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED) << status.error_message();
  EXPECT_EQ(test::ReasonOf(status), "READER_TOO_SLOW");
  EXPECT_EQ(test::DetailOf<google::rpc::QuotaFailure>(status)->violations(0).subject(),
            "instances");
  fixture_.OnLoop([](FakeBrokerControl& broker) { EXPECT_EQ(broker.instances.watchers(), 0U); });
}

}  // namespace
}  // namespace ovpnbroker::server
