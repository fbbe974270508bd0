// WatchSessions, the order of ListSessions, and kills with etag and filter.
#include <gmock/gmock.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "ovpnbroker/admin/v1/session_service.grpc.pb.h"
#include "tests/server/admin_fixture.h"
#include "tests/support/loop_runner.h"

namespace ovpnbroker::server {
namespace {

namespace v1 = admin::v1;
using grpc::StatusCode;
using testing::ElementsAre;
using Response = v1::WatchSessionsResponse;

class SessionWatchTest : public testing::Test {
 protected:
  SessionWatchTest()
      : sessions_(v1::SessionService::NewStub(
            grpc::CreateChannel("unix:" + fixture_.socket(), grpc::InsecureChannelCredentials()))) {
    fixture_.OnLoop([](FakeBrokerControl& broker) {
      broker.AddSession(1, "c1", "zoe").received_bytes = 9;
      broker.AddSession(2, "c2", "alice").received_bytes = 100;
      broker.AddSession(3, "c3", "bob").received_bytes = 20;
    });
  }

  static void SetDeadline(grpc::ClientContext& context) {
    context.set_deadline(std::chrono::system_clock::now() + test::kFailSafe);
  }
  void Change(const std::string& uid, ovpn::SessionState state) {
    fixture_.OnLoop([&](FakeBrokerControl& broker) { broker.Change(uid, state); });
  }
  // What the watcher is told next: "KIND uid".
  static std::string Next(grpc::ClientReader<Response>& reader, Response& response) {
    if (!reader.Read(&response)) return "the end";
    return Response::Kind_Name(response.kind()) + " " + response.session().uid();
  }
  grpc::Status List(v1::ListSessionsRequest request, v1::ListSessionsResponse& response) {
    grpc::ClientContext context;
    SetDeadline(context);
    return sessions_->ListSessions(&context, request, &response);
  }
  // The usernames in this order, over pages of `page_size`.
  std::vector<std::string> Names(const std::string& order_by, int page_size) {
    std::vector<std::string> names;
    v1::ListSessionsRequest request;
    request.set_order_by(order_by);
    request.set_page_size(page_size);
    do {
      v1::ListSessionsResponse page;
      EXPECT_TRUE(List(request, page).ok());
      for (const auto& session : page.sessions()) names.push_back(session.username());
      request.set_page_token(page.next_page_token());
    } while (!request.page_token().empty());
    return names;
  }

  AdminFixture fixture_;
  std::unique_ptr<v1::SessionService::Stub> sessions_;
};

TEST_F(SessionWatchTest, Watch_TellsWhatIsAndThenWhatHappens) {
  grpc::ClientContext context;
  SetDeadline(context);
  v1::WatchSessionsRequest request;
  request.set_filter("username != zoe");
  const auto reader = sessions_->WatchSessions(&context, request);
  Response response;
  EXPECT_EQ(Next(*reader, response), "KIND_CURRENT uid-002");
  EXPECT_EQ(Next(*reader, response), "KIND_CURRENT uid-003");
  EXPECT_EQ(Next(*reader, response), "KIND_CURRENT_COMPLETE ");
  EXPECT_NE(response.watch_token(), "");
  Change("uid-001", ovpn::SessionState::kEnding);  // not of this watch
  Change("uid-002", ovpn::SessionState::kEnding);
  EXPECT_EQ(Next(*reader, response), "KIND_CHANGED uid-002");
  EXPECT_TRUE(response.has_time());
  Change("uid-002", ovpn::SessionState::kEnded);
  EXPECT_EQ(Next(*reader, response), "KIND_ENDED uid-002");
  context.TryCancel();
}

TEST_F(SessionWatchTest, WatchFromTheTokenOfAList_MissesNothing) {
  v1::ListSessionsResponse list;
  ASSERT_TRUE(List({}, list).ok());
  Change("uid-003", ovpn::SessionState::kEnding);
  Change("uid-001", ovpn::SessionState::kEnding);
  Change("uid-003", ovpn::SessionState::kEnded);

  grpc::ClientContext context;
  SetDeadline(context);
  v1::WatchSessionsRequest request;
  request.set_watch_token(list.watch_token());
  const auto reader = sessions_->WatchSessions(&context, request);
  Response response;
  // The latest of each session, in the order of those.
  EXPECT_EQ(Next(*reader, response), "KIND_CHANGED uid-001");
  const std::string token = response.watch_token();
  EXPECT_EQ(Next(*reader, response), "KIND_ENDED uid-003");
  context.TryCancel();

  grpc::ClientContext second_context;
  SetDeadline(second_context);
  request.set_watch_token(token);
  const auto second = sessions_->WatchSessions(&second_context, request);
  EXPECT_EQ(Next(*second, response), "KIND_ENDED uid-003");
  second_context.TryCancel();
}

TEST_F(SessionWatchTest, TokenTooOldOrOfAnotherRun_IsOutOfRange) {
  v1::ListSessionsResponse list;
  ASSERT_TRUE(List({}, list).ok());
  // The fake's journal holds 64 entries.
  for (int i = 0; i < 70; ++i) Change("uid-001", ovpn::SessionState::kEstablished);
  for (const std::string& token : {list.watch_token(), std::string("other.1"), std::string("x")}) {
    grpc::ClientContext context;
    SetDeadline(context);
    v1::WatchSessionsRequest request;
    request.set_watch_token(token);
    const auto reader = sessions_->WatchSessions(&context, request);
    Response response;
    EXPECT_EQ(Next(*reader, response), "the end");
    EXPECT_EQ(reader->Finish().error_code(), StatusCode::OUT_OF_RANGE) << token;
  }
}

TEST_F(SessionWatchTest, WatcherTheJournalHasLeftBehind_IsCut) {
  grpc::ClientContext context;
  SetDeadline(context);
  const auto reader = sessions_->WatchSessions(&context, {});
  Response response;
  while (Next(*reader, response) != "KIND_CURRENT_COMPLETE ") {
    ASSERT_NE(response.kind(), Response::KIND_UNSPECIFIED);
  }
  // All in one loop turn: the watch cannot look between.
  fixture_.OnLoop([](FakeBrokerControl& broker) {
    for (int i = 0; i < 70; ++i) broker.Change("uid-001", ovpn::SessionState::kEstablished);
  });
  EXPECT_EQ(Next(*reader, response), "the end");
  EXPECT_EQ(reader->Finish().error_code(), StatusCode::RESOURCE_EXHAUSTED);
}

TEST_F(SessionWatchTest, FilterByWhatChanges_IsRefused) {
  grpc::ClientContext context;
  SetDeadline(context);
  v1::WatchSessionsRequest request;
  request.set_filter("state = ESTABLISHED");
  const auto reader = sessions_->WatchSessions(&context, request);
  Response response;
  EXPECT_EQ(Next(*reader, response), "the end");
  EXPECT_EQ(reader->Finish().error_code(), StatusCode::INVALID_ARGUMENT);
}

TEST_F(SessionWatchTest, List_SortsOverPages) {
  for (const int page_size : {1, 2, 3}) {
    EXPECT_THAT(Names("", page_size), ElementsAre("zoe", "alice", "bob"));
    EXPECT_THAT(Names("uid desc", page_size), ElementsAre("bob", "alice", "zoe"));
    EXPECT_THAT(Names("username", page_size), ElementsAre("alice", "bob", "zoe"));
    EXPECT_THAT(Names("received_bytes desc", page_size), ElementsAre("alice", "bob", "zoe"));
    EXPECT_THAT(Names("state", page_size), ElementsAre("zoe", "alice", "bob"));
  }
  v1::ListSessionsRequest request;
  request.set_order_by("age");
  v1::ListSessionsResponse response;
  EXPECT_EQ(List(request, response).error_code(), StatusCode::INVALID_ARGUMENT);
}

TEST_F(SessionWatchTest, KillWithAnOldEtag_IsAborted) {
  v1::ListSessionsResponse list;
  ASSERT_TRUE(List({}, list).ok());
  v1::KillSessionRequest request;
  request.set_uid("uid-001");
  request.set_etag(list.sessions(0).etag());
  request.set_validate_only(true);
  v1::KillSessionResponse response;
  {
    grpc::ClientContext context;
    SetDeadline(context);
    ASSERT_TRUE(sessions_->KillSession(&context, request, &response).ok());
    EXPECT_EQ(response.result().outcome(), v1::KillResult::OUTCOME_WOULD_END);
  }
  Change("uid-001", ovpn::SessionState::kAuthorized);
  grpc::ClientContext context;
  SetDeadline(context);
  EXPECT_EQ(sessions_->KillSession(&context, request, &response).error_code(), StatusCode::ABORTED);
  fixture_.OnLoop([](FakeBrokerControl& broker) { EXPECT_TRUE(broker.kills().empty()); });
}

TEST_F(SessionWatchTest, KillByFilter_NeedsTheCountAndHitsNobodyElse) {
  fixture_.OnLoop([](FakeBrokerControl& broker) {
    broker.on_kill = [&broker] { broker.FinishKill(KillOutcome::kDisconnected); };
  });
  v1::KillSessionsRequest request;
  request.set_filter("common_name = \"c?\" AND username != bob");
  v1::KillSessionsResponse response;
  const auto kill = [&] {
    grpc::ClientContext context;
    SetDeadline(context);
    return sessions_->KillSessions(&context, request, &response).error_code();
  };
  EXPECT_EQ(kill(), StatusCode::INVALID_ARGUMENT);
  request.set_validate_only(true);
  ASSERT_EQ(kill(), StatusCode::OK);
  ASSERT_EQ(response.results_size(), 2);
  EXPECT_EQ(response.results(0).outcome(), v1::KillResult::OUTCOME_WOULD_END);
  request.set_validate_only(false);
  request.set_expected_count(3);
  EXPECT_EQ(kill(), StatusCode::ABORTED);
  request.set_expected_count(2);
  ASSERT_EQ(kill(), StatusCode::OK);
  ASSERT_EQ(response.results_size(), 2);
  EXPECT_EQ(response.results(1).session().uid(), "uid-002");
  EXPECT_EQ(response.results(1).outcome(), v1::KillResult::OUTCOME_DISCONNECTED);
}

}  // namespace
}  // namespace ovpnbroker::server
