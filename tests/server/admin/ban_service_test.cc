#include <gmock/gmock.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>

#include "ovpnbroker/admin/v1/ban_service.grpc.pb.h"
#include "tests/server/admin/error_of.h"
#include "tests/server/admin_fixture.h"
#include "tests/support/loop_runner.h"

namespace ovpnbroker::server {
namespace {

namespace v1 = admin::v1;
using grpc::StatusCode;

class BanServiceTest : public testing::Test {
 protected:
  BanServiceTest()
      : bans_(v1::BanService::NewStub(grpc::CreateChannel("unix:" + fixture_.socket(),
                                                          grpc::InsecureChannelCredentials()))) {}

  static std::unique_ptr<grpc::ClientContext> Context() {
    auto context = std::make_unique<grpc::ClientContext>();
    context->set_deadline(std::chrono::system_clock::now() + test::kFailSafe);
    return context;
  }
  static v1::CreateBanRequest RequestFor(const std::string& username) {
    v1::CreateBanRequest request;
    request.set_username(username);
    request.set_reason("laptop lost");
    return request;
  }
  grpc::Status Create(const v1::CreateBanRequest& request) {
    created_.Clear();
    return bans_->CreateBan(Context().get(), request, &created_);
  }
  std::string RefusedBecause(const v1::CreateBanRequest& request) {
    const grpc::Status status = Create(request);
    EXPECT_EQ(status.error_code(), StatusCode::INVALID_ARGUMENT);
    return test::ReasonOf(status);
  }
  v1::ListBansResponse List(const v1::ListBansRequest& request) {
    v1::ListBansResponse response;
    EXPECT_TRUE(bans_->ListBans(Context().get(), request, &response).ok());
    return response;
  }

  AdminFixture fixture_;
  std::unique_ptr<v1::BanService::Stub> bans_;
  v1::CreateBanResponse created_;
};

TEST_F(BanServiceTest, Create_IsShownUntilDeleted) {
  v1::CreateBanRequest request = RequestFor(" Alice ");
  request.mutable_ttl()->set_seconds(3600);
  ASSERT_TRUE(Create(request).ok());
  EXPECT_EQ(created_.ban().username(), "alice");
  EXPECT_TRUE(created_.ban().has_expire_time());
  EXPECT_THAT(created_.ban().creator(), testing::StartsWith("unix:uid="));
  EXPECT_EQ(List({}).bans_size(), 1);

  v1::GetBanRequest get;
  get.set_uid(created_.ban().uid());
  v1::GetBanResponse got;
  ASSERT_TRUE(bans_->GetBan(Context().get(), get, &got).ok());
  EXPECT_EQ(got.ban().reason(), "laptop lost");

  v1::DeleteBanRequest remove;
  remove.set_uid(created_.ban().uid());
  v1::DeleteBanResponse removed;
  ASSERT_TRUE(bans_->DeleteBan(Context().get(), remove, &removed).ok());
  EXPECT_EQ(removed.ban().username(), "alice");
  EXPECT_EQ(List({}).bans_size(), 0);
  EXPECT_EQ(test::ReasonOf(bans_->DeleteBan(Context().get(), remove, &removed)), "BAN_NOT_FOUND");
  EXPECT_EQ(test::ReasonOf(bans_->GetBan(Context().get(), get, &got)), "BAN_NOT_FOUND");
}

TEST_F(BanServiceTest, SecondBanOfASubject_NeedsReplace) {
  ASSERT_TRUE(Create(RequestFor("alice")).ok());
  const std::string first = created_.ban().uid();
  const grpc::Status status = Create(RequestFor("ALICE"));
  EXPECT_EQ(status.error_code(), StatusCode::ALREADY_EXISTS);
  EXPECT_THAT(status.error_message(), testing::HasSubstr(first));
  v1::CreateBanRequest request = RequestFor("ALICE");
  request.set_replace(true);
  ASSERT_TRUE(Create(request).ok());
  EXPECT_NE(created_.ban().uid(), first);
  EXPECT_EQ(List({}).bans_size(), 1);
}

TEST_F(BanServiceTest, WrongRequests_NameTheReason) {
  v1::CreateBanRequest request;
  request.set_reason("x");
  EXPECT_EQ(RefusedBecause(request), "SUBJECT_MISSING");
  request.set_real_address("192.0.2.7/24");
  EXPECT_EQ(RefusedBecause(request), "SUBJECT_INVALID");
  request = RequestFor("alice");
  request.clear_reason();
  EXPECT_EQ(RefusedBecause(request), "REASON_INVALID");
  request = RequestFor("alice");
  request.set_client_reason("TEMP[backoff 1]");
  EXPECT_EQ(RefusedBecause(request), "CLIENT_REASON_INVALID");
  request = RequestFor("alice");
  request.mutable_expire_time()->set_seconds(5);
  EXPECT_EQ(RefusedBecause(request), "EXPIRATION_INVALID");
  request.mutable_ttl()->set_seconds(0);
  EXPECT_EQ(RefusedBecause(request), "EXPIRATION_INVALID");
  EXPECT_EQ(List({}).bans_size(), 0);
}

TEST_F(BanServiceTest, ValidateOnly_CountsAndChangesNothing) {
  fixture_.OnLoop([](FakeBrokerControl& broker) {
    broker.AddSession(1, "branch", "alice");
    broker.AddSession(2, "branch", "bob");
  });
  v1::CreateBanRequest request = RequestFor("alice");
  request.set_validate_only(true);
  request.set_kill_matching(true);
  ASSERT_TRUE(Create(request).ok());
  EXPECT_EQ(created_.matching_session_count(), 1U);
  EXPECT_EQ(created_.ban().uid(), "");
  EXPECT_EQ(List({}).bans_size(), 0);
}

TEST_F(BanServiceTest, KillMatching_EndsThemAfterTheBanHolds) {
  fixture_.OnLoop([](FakeBrokerControl& broker) {
    broker.AddSession(1, "branch", "alice");
    broker.AddSession(2, "branch", "bob");
    broker.on_kill = [&broker] {
      EXPECT_EQ(broker.bans().list().size(), 1U);
      EXPECT_EQ(broker.kills().front().request.uid, "uid-001");
      EXPECT_EQ(broker.kills().front().request.reason, "come by");
      broker.FinishKill(KillOutcome::kDisconnected);
    };
  });
  v1::CreateBanRequest request = RequestFor("alice");
  request.set_client_reason("come by");
  request.set_kill_matching(true);
  ASSERT_TRUE(Create(request).ok());
  ASSERT_EQ(created_.kill_results_size(), 1);
  EXPECT_EQ(created_.kill_results(0).outcome(), v1::KillResult::OUTCOME_DISCONNECTED);
}

TEST_F(BanServiceTest, DiskThatFails_IsToldAndTheBanHolds) {
  fixture_.OnLoop(
      [](FakeBrokerControl& broker) { broker.bans().disk = absl::UnavailableError("disk full"); });
  const grpc::Status status = Create(RequestFor("alice"));
  EXPECT_EQ(status.error_code(), StatusCode::INTERNAL);
  EXPECT_EQ(test::ReasonOf(status), "BAN_NOT_SAVED");
  EXPECT_EQ(List({}).bans_size(), 1);
}

TEST_F(BanServiceTest, List_FiltersAndPages) {
  for (const char* name : {"a1", "a2", "a3"}) ASSERT_TRUE(Create(RequestFor(name)).ok());
  v1::CreateBanRequest network;
  network.set_real_address("192.0.2.0/24");
  network.set_reason("guessing");
  ASSERT_TRUE(Create(network).ok());

  v1::ListBansRequest request;
  request.set_filter("kind = USERNAME");
  request.set_page_size(2);
  v1::ListBansResponse page = List(request);
  ASSERT_EQ(page.bans_size(), 2);
  // By id, which is random inside one millisecond.
  std::set<std::string> names = {page.bans(0).username(), page.bans(1).username()};
  request.set_page_token(page.next_page_token());
  page = List(request);
  ASSERT_EQ(page.bans_size(), 1);
  names.insert(page.bans(0).username());
  EXPECT_EQ(names, (std::set<std::string>{"a1", "a2", "a3"}));
  EXPECT_EQ(page.next_page_token(), "");

  request.Clear();
  request.set_filter("kind = PERSON");
  v1::ListBansResponse response;
  EXPECT_EQ(test::ReasonOf(bans_->ListBans(Context().get(), request, &response)), "FILTER_INVALID");
}

}  // namespace
}  // namespace ovpnbroker::server
