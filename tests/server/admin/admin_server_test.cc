#include "server/admin/admin_server.h"

#include <gmock/gmock.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <future>
#include <memory>
#include <string>
#include <vector>

#include "ovpnbroker/admin/v1/address_pool_service.grpc.pb.h"
#include "ovpnbroker/admin/v1/broker_service.grpc.pb.h"
#include "ovpnbroker/admin/v1/instance_service.grpc.pb.h"
#include "ovpnbroker/admin/v1/policy_admin_service.grpc.pb.h"
#include "ovpnbroker/admin/v1/session_service.grpc.pb.h"
#include "server/admin/admin_services.h"
#include "tests/server/admin/error_of.h"
#include "tests/server/admin_fixture.h"
#include "tests/support/loop_runner.h"
#include "tests/support/status_matchers.h"

namespace ovpnbroker::server {
namespace {

namespace v1 = admin::v1;
using testing::ElementsAre;
using testing::HasSubstr;

class AdminServerTest : public testing::Test {
 protected:
  AdminServerTest()
      : channel_(
            grpc::CreateChannel("unix:" + fixture_.socket(), grpc::InsecureChannelCredentials())),
        sessions_(v1::SessionService::NewStub(channel_)),
        instances_(v1::InstanceService::NewStub(channel_)),
        policies_(v1::PolicyAdminService::NewStub(channel_)),
        broker_(v1::BrokerService::NewStub(channel_)) {}

  static std::unique_ptr<grpc::ClientContext> Context() {
    auto context = std::make_unique<grpc::ClientContext>();
    context->set_deadline(std::chrono::system_clock::now() + test::kFailSafe);
    return context;
  }

  void AddSessions(int count) {
    fixture_.OnLoop([count](FakeBrokerControl& broker) {
      for (int i = 1; i <= count; ++i) broker.AddSession(i, "branch", i % 2 == 1 ? "odd" : "even");
    });
  }

  // Starts `call` on another thread and waits until it has led to `kills` open kills.
  template <typename Call>
  std::future<grpc::Status> StartKill(size_t kills, Call call) {
    std::promise<void> arrived;
    fixture_.OnLoop([&](FakeBrokerControl& broker) {
      broker.on_kill = [&broker, &arrived, kills] {
        if (broker.kills().size() == kills) arrived.set_value();
      };
    });
    auto status = std::async(std::launch::async, std::move(call));
    EXPECT_EQ(arrived.get_future().wait_for(test::kFailSafe), std::future_status::ready);
    return status;
  }

  void FinishKills(const std::vector<KillOutcome>& outcomes) {
    fixture_.OnLoop([&outcomes](FakeBrokerControl& broker) {
      for (const KillOutcome outcome : outcomes) broker.FinishKill(outcome);
    });
  }

  AdminFixture fixture_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::SessionService::Stub> sessions_;
  std::unique_ptr<v1::InstanceService::Stub> instances_;
  std::unique_ptr<v1::PolicyAdminService::Stub> policies_;
  std::unique_ptr<v1::BrokerService::Stub> broker_;
};

TEST_F(AdminServerTest, Socket_HasTheConfiguredMode) {
  struct stat info = {};
  ASSERT_EQ(stat(fixture_.socket().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
}

// The listener's limits hold for connections that it was handed, too.
TEST_F(AdminServerTest, RequestOfTooManyBytes_IsRefused) {
  v1::GetSessionRequest request;
  v1::GetSessionResponse response;
  request.set_uid(std::string(AdminListener::kMaxRequestBytes, 'x'));
  EXPECT_EQ(sessions_->GetSession(Context().get(), request, &response).error_code(),
            grpc::StatusCode::RESOURCE_EXHAUSTED);
}

TEST_F(AdminServerTest, GetBroker_ShowsStatusAndCounts) {
  v1::GetBrokerResponse response;
  ASSERT_TRUE(broker_->GetBroker(Context().get(), {}, &response).ok());
  EXPECT_EQ(response.broker().version(), "9.9.9");
  EXPECT_EQ(response.broker().decisions().allowed_count(), 3U);
  EXPECT_EQ(response.broker().decisions().failures(0).cause(), "TIMEOUT");
}

TEST_F(AdminServerTest, GetInstance_FindsByName) {
  v1::GetInstanceRequest request;
  request.set_name("home");
  v1::GetInstanceResponse response;
  ASSERT_TRUE(instances_->GetInstance(Context().get(), request, &response).ok());
  EXPECT_EQ(response.instance().state(), v1::Instance::STATE_FAILED);

  request.set_name("nope");
  const grpc::Status status = instances_->GetInstance(Context().get(), request, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(test::ReasonOf(status), "INSTANCE_NOT_FOUND");
}

TEST_F(AdminServerTest, ListInstances_PagesInTheOrderOfTheConfiguration) {
  v1::ListInstancesRequest request;
  request.set_page_size(1);
  v1::ListInstancesResponse first;
  ASSERT_TRUE(instances_->ListInstances(Context().get(), request, &first).ok());
  EXPECT_EQ(first.instances(0).name(), "office");
  request.set_page_token(first.next_page_token());
  v1::ListInstancesResponse second;
  ASSERT_TRUE(instances_->ListInstances(Context().get(), request, &second).ok());
  EXPECT_EQ(second.instances(0).name(), "home");
  EXPECT_EQ(second.next_page_token(), "");
}

TEST_F(AdminServerTest, ListPolicies_ShowsReplicas) {
  v1::ListPoliciesResponse response;
  ASSERT_TRUE(policies_->ListPolicies(Context().get(), {}, &response).ok());
  ASSERT_EQ(response.policies_size(), 1);
  EXPECT_EQ(response.policies(0).replicas(0).state(), v1::PolicyReplica::STATE_READY);
}

TEST_F(AdminServerTest, ListSessions_PagesMatchTheFilter) {
  AddSessions(5);
  v1::ListSessionsRequest request;
  request.set_page_size(2);
  request.set_filter("username = odd");
  std::vector<std::string> uids;
  do {
    v1::ListSessionsResponse page;
    ASSERT_TRUE(sessions_->ListSessions(Context().get(), request, &page).ok());
    for (const auto& session : page.sessions()) uids.push_back(session.uid());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  EXPECT_THAT(uids, ElementsAre("uid-001", "uid-003", "uid-005"));
}

TEST_F(AdminServerTest, ListSessions_BadRequestsNameTheField) {
  AddSessions(2);
  v1::ListSessionsRequest request;
  v1::ListSessionsResponse response;
  request.set_filter("usrname = x");
  grpc::Status status = sessions_->ListSessions(Context().get(), request, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(test::ReasonOf(status), "FILTER_INVALID");
  EXPECT_THAT(status.error_message(), HasSubstr("did you mean 'username'"));

  request.set_filter("");
  request.set_page_size(1);
  ASSERT_TRUE(sessions_->ListSessions(Context().get(), request, &response).ok());
  request.set_page_token(response.next_page_token());
  request.set_filter("username = odd");
  status = sessions_->ListSessions(Context().get(), request, &response);
  EXPECT_EQ(test::ReasonOf(status), "PAGE_TOKEN_INVALID");

  request.set_page_size(-1);
  EXPECT_EQ(test::ReasonOf(sessions_->ListSessions(Context().get(), request, &response)),
            "PAGE_SIZE_INVALID");
}

TEST_F(AdminServerTest, GetSession_NonUtf8NameIsShown) {
  fixture_.OnLoop([](FakeBrokerControl& broker) { broker.AddSession(1, "x", "a\xff"); });
  v1::GetSessionRequest request;
  request.set_uid("uid-001");
  v1::GetSessionResponse response;
  ASSERT_TRUE(sessions_->GetSession(Context().get(), request, &response).ok());
  EXPECT_EQ(response.session().username(), "a\xef\xbf\xbd");
}

TEST_F(AdminServerTest, KillSession_AnswersWhenDisconnected) {
  AddSessions(1);
  v1::KillSessionResponse response;
  auto status = StartKill(1, [&] {
    v1::KillSessionRequest request;
    request.set_uid("uid-001");
    request.set_disposition(v1::KILL_DISPOSITION_RESTART);
    request.set_reason("maintenance");
    return sessions_->KillSession(Context().get(), request, &response);
  });
  fixture_.OnLoop([](FakeBrokerControl& broker) {
    EXPECT_EQ(broker.kills()[0].request.disposition, KillDisposition::kRestart);
    EXPECT_EQ(broker.kills()[0].request.reason, "maintenance");
  });
  FinishKills({KillOutcome::kDisconnected});
  ASSERT_TRUE(status.get().ok());
  EXPECT_EQ(response.result().outcome(), v1::KillResult::OUTCOME_DISCONNECTED);
  EXPECT_EQ(response.result().session().state(), type::v1::Session::STATE_ENDED);
}

TEST_F(AdminServerTest, KillSession_UnknownUidIsNotFoundAndKillsNobody) {
  v1::KillSessionRequest request;
  v1::KillSessionResponse response;
  request.set_uid("nope");
  EXPECT_EQ(test::ReasonOf(sessions_->KillSession(Context().get(), request, &response)),
            "SESSION_NOT_FOUND");
  fixture_.OnLoop([](FakeBrokerControl& broker) { EXPECT_TRUE(broker.kills().empty()); });
}

TEST_F(AdminServerTest, KillSession_LeavesMeanwhile_IsNotFound) {
  AddSessions(1);
  v1::KillSessionResponse response;
  auto status = StartKill(1, [&] {
    v1::KillSessionRequest request;
    request.set_uid("uid-001");
    return sessions_->KillSession(Context().get(), request, &response);
  });
  FinishKills({KillOutcome::kNotFound});
  EXPECT_EQ(test::ReasonOf(status.get()), "SESSION_NOT_FOUND");
}

TEST_F(AdminServerTest, KillSession_BadReasonOrWaitIsRefused) {
  v1::KillSessionRequest request;
  v1::KillSessionResponse response;
  request.set_uid("uid-001");
  request.set_reason("a\nb");
  EXPECT_EQ(test::ReasonOf(sessions_->KillSession(Context().get(), request, &response)),
            "REASON_INVALID");
  request.set_reason("");
  request.mutable_wait()->set_seconds(int64_t{1} << 62);
  EXPECT_EQ(test::ReasonOf(sessions_->KillSession(Context().get(), request, &response)),
            "WAIT_INVALID");
}

TEST_F(AdminServerTest, KillSessions_TellsOfEachSession) {
  AddSessions(4);
  v1::KillSessionsResponse response;
  auto status = StartKill(2, [&] {
    v1::KillSessionsRequest request;
    request.set_username("odd");
    request.set_expected_count(2);
    return sessions_->KillSessions(Context().get(), request, &response);
  });
  FinishKills({KillOutcome::kDisconnected, KillOutcome::kEnding});
  ASSERT_TRUE(status.get().ok());
  ASSERT_EQ(response.results_size(), 2);
  EXPECT_EQ(response.results(0).session().uid(), "uid-001");
  EXPECT_EQ(response.results(1).outcome(), v1::KillResult::OUTCOME_ENDING);
}

TEST_F(AdminServerTest, KillSessions_OtherCountKillsNobody) {
  AddSessions(4);
  v1::KillSessionsRequest request;
  request.set_common_name("branch");
  request.set_expected_count(3);
  v1::KillSessionsResponse response;
  const grpc::Status status = sessions_->KillSessions(Context().get(), request, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::ABORTED);
  EXPECT_EQ(test::ReasonOf(status), "COUNT_CHANGED");
  fixture_.OnLoop([](FakeBrokerControl& broker) { EXPECT_TRUE(broker.kills().empty()); });
}

TEST_F(AdminServerTest, KillSessions_EmptySelectorIsRefused) {
  v1::KillSessionsRequest request;
  request.set_username("");
  v1::KillSessionsResponse response;
  EXPECT_EQ(test::ReasonOf(sessions_->KillSessions(Context().get(), request, &response)),
            "SELECTOR_MISSING");
}

TEST_F(AdminServerTest, CancelledCall_LateAnswerIsDropped) {
  AddSessions(1);
  const auto context = Context();
  auto status = StartKill(1, [&] {
    v1::KillSessionRequest request;
    request.set_uid("uid-001");
    v1::KillSessionResponse response;
    return sessions_->KillSession(context.get(), request, &response);
  });
  context->TryCancel();
  EXPECT_EQ(status.get().error_code(), grpc::StatusCode::CANCELLED);
  FinishKills({KillOutcome::kDisconnected});
  v1::GetBrokerResponse response;
  EXPECT_TRUE(broker_->GetBroker(Context().get(), {}, &response).ok());
}

TEST_F(AdminServerTest, Shutdown_EndsOpenCallsWithUnavailable) {
  AddSessions(1);
  auto status = StartKill(1, [&] {
    v1::KillSessionRequest request;
    request.set_uid("uid-001");
    v1::KillSessionResponse response;
    return sessions_->KillSession(Context().get(), request, &response);
  });
  fixture_.OnLoop([this](FakeBrokerControl&) { fixture_.server().Shutdown(test::kFailSafe); });
  const grpc::Status ended = status.get();
  EXPECT_EQ(ended.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(test::ReasonOf(ended), "BROKER_STOPPING");
  FinishKills({KillOutcome::kDisconnected});  // nobody listens any more; nothing breaks
}

ListenerOptions AdminListenerAt(const std::string& socket) {
  return UnixEndpoint{socket, 0600, "", type::v1::ROLE_ADMIN};
}

TEST(AdminServer, LoopThatRunsNoMore_DoesNotKeepTheServerFromStopping) {
  test::TempDir dir;
  asio::io_context loop;
  FakeBrokerControl broker;
  test::RecordingLogger logger;
  const auto audit = AuditLog::Make(logger, {}).value();
  const ovpn::SystemClock clock;
  LogTail log_tail(logger, clock);
  LogLevelControl log_level(loop, clock, ovpn::LogLevel::kInfo, [](ovpn::LogLevel) {});
  auto server = AdminServer::Start({loop, clock, broker, *audit, log_tail, log_level, 1},
                                   {AdminListenerAt(dir.File("a.sock"))})
                    .value();
  const auto channel =
      grpc::CreateChannel("unix:" + dir.File("a.sock"), grpc::InsecureChannelCredentials());
  std::thread accepting([&loop] { loop.run_for(test::kFailSafe); });
  EXPECT_TRUE(channel->WaitForConnected(std::chrono::system_clock::now() + test::kFailSafe));
  loop.stop();
  accepting.join();
  auto status = std::async(std::launch::async, [&channel] {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + test::kFailSafe);
    v1::GetBrokerResponse response;
    return v1::BrokerService::NewStub(channel)->GetBroker(&context, {}, &response);
  });
  server->Shutdown(test::kFailSafe);
  EXPECT_FALSE(status.get().ok());
}

TEST(AdminServer, MissingDirectory_IsAClearError) {
  test::TempDir dir;
  asio::io_context loop;
  FakeBrokerControl broker;
  test::RecordingLogger logger;
  const auto audit = AuditLog::Make(logger, {}).value();
  const ovpn::SystemClock clock;
  LogTail log_tail(logger, clock);
  LogLevelControl log_level(loop, clock, ovpn::LogLevel::kInfo, [](ovpn::LogLevel) {});
  EXPECT_THAT(AdminServer::Start({loop, clock, broker, *audit, log_tail, log_level, 1},
                                 {AdminListenerAt(dir.File("no/a.sock"))}),
              test::StatusIs(absl::StatusCode::kUnavailable, HasSubstr("no/a.sock")));
}

TEST(AdminServer, EveryMethod_HasARole) { EXPECT_TRUE(CheckMethodRoles().ok()); }

TEST_F(AdminServerTest, AddressLeases_AreListedInPagesAndReleasedWhenNobodyHoldsThem) {
  fixture_.OnLoop([](FakeBrokerControl& broker) {
    policy::AddressPool& pool = *broker.address_pools().Find("staff");
    const auto nobody = [](const policy::AddressLease&) { return false; };
    EXPECT_TRUE(pool.Give("cn=alice", {}, nobody).ok());
    EXPECT_TRUE(pool.Give("cn=b\xff", {}, nobody).ok());
    pool.OnHeld(*ovpn::IpAddress::Parse("10.8.0.10"));
  });
  const auto pools = v1::AddressPoolService::NewStub(channel_);
  v1::ListAddressLeasesRequest request;
  request.set_pool("staff");
  request.set_page_size(1);
  v1::ListAddressLeasesResponse page;
  ASSERT_TRUE(pools->ListAddressLeases(Context().get(), request, &page).ok());
  EXPECT_EQ(page.leases(0).ipv4_address(), "10.8.0.10");
  EXPECT_TRUE(page.leases(0).held());
  request.set_page_token(page.next_page_token());
  ASSERT_TRUE(pools->ListAddressLeases(Context().get(), request, &page).ok());
  EXPECT_EQ(page.leases(0).user(), "cn=b\xEF\xBF\xBD");
  EXPECT_EQ(page.next_page_token(), "");

  const auto release = [&](const char* pool, const char* address) {
    v1::ReleaseAddressLeaseRequest lease;
    lease.set_pool(pool);
    lease.set_address(address);
    v1::ReleaseAddressLeaseResponse response;
    return pools->ReleaseAddressLease(Context().get(), lease, &response).error_code();
  };
  EXPECT_EQ(release("staff", "10.8.0.10"), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(release("staff", "10.8.0.11"), grpc::StatusCode::OK);
  EXPECT_EQ(release("staff", "10.8.0.11"), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(release("staff", "all"), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(release("stuff", "10.8.0.11"), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(release("", "10.8.0.11"), grpc::StatusCode::INVALID_ARGUMENT);
}

}  // namespace
}  // namespace ovpnbroker::server
