#include "server/admin/session_service.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "policy/stream/session_codec.h"
#include "server/admin/kill_request.h"
#include "server/admin/page.h"
#include "server/admin/rpc_error.h"
#include "server/admin/session_filter.h"
#include "server/admin/status_codec.h"

namespace ovpnbroker::server {
namespace {

namespace v1 = admin::v1;

grpc::Status UidMissing() { return InvalidField("uid", "UID_MISSING", "must be set"); }

grpc::Status SessionNotFound(const std::string& uid) {
  return RpcError(grpc::StatusCode::NOT_FOUND, "SESSION_NOT_FOUND",
                  absl::StrCat("no session has the uid ", uid), {{"uid", uid}});
}

grpc::Status ListPage(const BrokerControl& broker, const v1::ListSessionsRequest& request,
                      v1::ListSessionsResponse& response) {
  const auto filter = SessionFilter::Parse(request.filter());
  if (!filter.ok()) {
    return InvalidField("filter", "FILTER_INVALID", filter.status().message());
  }
  PageRequest page;
  grpc::Status status =
      ParsePageRequest(request.page_size(), request.page_token(), request.filter(), page);
  if (!status.ok()) return status;

  broker.VisitSessions(page.after, [&](const ovpn::Session& session) {
    if (!filter->Matches(session)) return true;
    const auto count = static_cast<size_t>(response.sessions_size());
    if (count == page.size) {  // there is one more: the page has a successor
      response.set_next_page_token(
          MakePageToken(response.sessions().rbegin()->uid(), request.filter()));
      return false;
    }
    *response.add_sessions() = policy::SessionToProto(session);
    return true;
  });
  return grpc::Status::OK;
}

bool IsSelected(const v1::KillSessionsRequest& request, const ovpn::Session& session) {
  if (session.state == ovpn::SessionState::kEnded) return false;
  if (!request.instance().empty() && request.instance() != session.client.instance) return false;
  return request.has_common_name() ? session.identity.common_name == request.common_name()
                                   : session.identity.username == request.username();
}

std::vector<ovpn::SessionUid> SelectSessions(const BrokerControl& broker,
                                             const v1::KillSessionsRequest& request) {
  std::vector<ovpn::SessionUid> uids;
  broker.VisitSessions("", [&](const ovpn::Session& session) {
    if (IsSelected(request, session)) uids.push_back(session.uid);
    return true;
  });
  return uids;
}

grpc::Status CheckSelector(const v1::KillSessionsRequest& request) {
  const std::string& name = request.has_common_name() ? request.common_name() : request.username();
  if (!name.empty()) return grpc::Status::OK;
  return InvalidField("selector", "SELECTOR_MISSING", "common_name or username must be set");
}

grpc::Status CheckCount(const v1::KillSessionsRequest& request, size_t count) {
  if (!request.has_expected_count() || request.expected_count() == count) return grpc::Status::OK;
  return RpcError(grpc::StatusCode::ABORTED, "COUNT_CHANGED",
                  absl::StrCat(count, " sessions match, ", request.expected_count(),
                               " were expected; nobody was killed"),
                  {{"count", absl::StrCat(count)}});
}

using KillSessionsCall = std::shared_ptr<LoopCall<v1::KillSessionsResponse>>;

// Kills `uids` and finishes `call` when the last is done. Loop thread.
void KillAll(BrokerControl& broker, const std::vector<ovpn::SessionUid>& uids, KillRequest kill,
             const KillSessionsCall& call) {
  struct Progress {
    v1::KillSessionsResponse response;
    size_t open;
  };
  const auto progress = std::make_shared<Progress>();
  progress->open = uids.size();
  for (size_t i = 0; i < uids.size(); ++i) progress->response.add_results();
  if (uids.empty()) call->Finish(grpc::Status::OK);

  for (size_t i = 0; i < uids.size(); ++i) {
    kill.uid = uids[i];
    broker.Kill(kill, [progress, call, index = static_cast<int>(i)](const KillResult& result) {
      *progress->response.mutable_results(index) = KillResultToProto(result);
      if (result.outcome == KillOutcome::kFailed) {
        call->NoteFailure(absl::StrCat("not ended: ", result.message));
      }
      if (--progress->open == 0) call->Finish(grpc::Status::OK, std::move(progress->response));
    });
  }
}

}  // namespace

grpc::ServerUnaryReactor* SessionService::GetSession(grpc::CallbackServerContext* call,
                                                     const v1::GetSessionRequest* request,
                                                     v1::GetSessionResponse* response) {
  return AnswerOnLoop(context_, *call, request, response,
                      [this](const v1::GetSessionRequest& copy, v1::GetSessionResponse& result) {
                        if (copy.uid().empty()) return UidMissing();
                        const auto session = context_.broker.FindSession(copy.uid());
                        if (!session.has_value()) return SessionNotFound(copy.uid());
                        *result.mutable_session() = policy::SessionToProto(*session);
                        return grpc::Status::OK;
                      });
}

grpc::ServerUnaryReactor* SessionService::ListSessions(grpc::CallbackServerContext* call,
                                                       const v1::ListSessionsRequest* request,
                                                       v1::ListSessionsResponse* response) {
  return AnswerOnLoop(
      context_, *call, request, response,
      [this](const v1::ListSessionsRequest& copy, v1::ListSessionsResponse& result) {
        return ListPage(context_.broker, copy, result);
      });
}

grpc::ServerUnaryReactor* SessionService::KillSession(grpc::CallbackServerContext* call,
                                                      const v1::KillSessionRequest* request,
                                                      v1::KillSessionResponse* response) {
  return HandleOnLoop(context_, *call, request, response,
                      [this, deadline = call->deadline()](
                          const v1::KillSessionRequest& copy,
                          const std::shared_ptr<LoopCall<v1::KillSessionResponse>>& open_call) {
                        if (copy.uid().empty()) return open_call->Finish(UidMissing());
                        KillRequest kill;
                        grpc::Status status = ParseKillRequest(copy, deadline, kill);
                        if (!status.ok()) return open_call->Finish(status);
                        kill.uid = copy.uid();
                        context_.broker.Kill(
                            kill, [open_call, uid = copy.uid()](const KillResult& result) {
                              if (result.outcome == KillOutcome::kNotFound) {
                                return open_call->Finish(SessionNotFound(uid));
                              }
                              if (result.outcome == KillOutcome::kFailed) {
                                open_call->NoteFailure(result.message);
                              }
                              v1::KillSessionResponse answer;
                              *answer.mutable_result() = KillResultToProto(result);
                              open_call->Finish(grpc::Status::OK, std::move(answer));
                            });
                      });
}

grpc::ServerUnaryReactor* SessionService::KillSessions(grpc::CallbackServerContext* call,
                                                       const v1::KillSessionsRequest* request,
                                                       v1::KillSessionsResponse* response) {
  return HandleOnLoop(context_, *call, request, response,
                      [this, deadline = call->deadline()](const v1::KillSessionsRequest& copy,
                                                          const KillSessionsCall& open_call) {
                        grpc::Status status = CheckSelector(copy);
                        if (!status.ok()) return open_call->Finish(status);
                        KillRequest kill;
                        status = ParseKillRequest(copy, deadline, kill);
                        if (!status.ok()) return open_call->Finish(status);
                        const auto uids = SelectSessions(context_.broker, copy);
                        status = CheckCount(copy, uids.size());
                        if (!status.ok()) return open_call->Finish(status);
                        KillAll(context_.broker, uids, std::move(kill), open_call);
                      });
}

}  // namespace ovpnbroker::server
