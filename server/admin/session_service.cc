#include "server/admin/session_service.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/admin/kill_all.h"
#include "server/admin/kill_request.h"
#include "server/admin/rpc_error.h"
#include "server/admin/session_filter.h"
#include "server/admin/session_list.h"
#include "server/admin/session_view.h"
#include "server/admin/session_watch.h"
#include "server/admin/status_codec.h"

namespace ovpnbroker::server {
namespace {

namespace v1 = admin::v1;

grpc::Status UidMissing() { return InvalidField("uid", "UID_MISSING", "must be set"); }

grpc::Status SessionNotFound(const std::string& uid) {
  return NotFound("session", {{"uid", uid}}, "SESSION_NOT_FOUND",
                  absl::StrCat("no session has the uid ", uid));
}

// Which sessions `request` names, apart from their state.
bool IsSelected(const v1::KillSessionsRequest& request, const SessionFilter& filter,
                const ovpn::Session& session) {
  if (!request.instance().empty() && request.instance() != session.client.instance) return false;
  if (request.has_filter()) return filter.Matches(session);
  return request.has_common_name() ? session.identity->common_name == request.common_name()
                                   : session.identity->username == request.username();
}

grpc::Status CheckSelector(const v1::KillSessionsRequest& request, SessionFilter& filter) {
  if (request.common_name().empty() && request.username().empty() && request.filter().empty()) {
    return InvalidField("selector", "SELECTOR_MISSING",
                        "common_name, username or filter must be set");
  }
  if (!request.has_filter()) return grpc::Status::OK;
  auto parsed = SessionFilter::Parse(request.filter());
  if (!parsed.ok()) return InvalidField("filter", "FILTER_INVALID", parsed.status().message());
  filter = *std::move(parsed);
  if (request.has_expected_count() || request.validate_only()) return grpc::Status::OK;
  return InvalidField("expected_count", "EXPECTED_COUNT_MISSING",
                      "must be set with filter: list first (validate_only), then kill");
}

grpc::Status CheckCount(const v1::KillSessionsRequest& request, size_t count) {
  if (!request.has_expected_count() || request.expected_count() == count) return grpc::Status::OK;
  return RpcError(grpc::StatusCode::ABORTED, "COUNT_CHANGED",
                  absl::StrCat(count, " sessions match, ", request.expected_count(),
                               " were expected; nobody was killed"),
                  {{"count", absl::StrCat(count)}});
}

grpc::Status CheckEtag(const v1::KillSessionRequest& request, const ovpn::Session& session) {
  if (request.etag().empty() || request.etag() == SessionEtag(session)) return grpc::Status::OK;
  return RpcError(grpc::StatusCode::ABORTED, "ETAG_MISMATCH",
                  "the session has changed since the etag was given; it was not ended",
                  {{"uid", session.uid}, {"etag", SessionEtag(session)}});
}

using KillSessionCall = std::shared_ptr<LoopCall<v1::KillSessionResponse>>;
using KillSessionsCall = std::shared_ptr<LoopCall<v1::KillSessionsResponse>>;

void KillOne(BrokerControl& broker, const v1::KillSessionRequest& request, ovpn::WallTime deadline,
             const KillSessionCall& call) {
  if (request.uid().empty()) return call->Finish(UidMissing());
  KillRequest kill;
  grpc::Status status = ParseKillRequest(request, deadline, kill);
  if (!status.ok()) return call->Finish(status);
  kill.uid = request.uid();
  const auto session = broker.FindSession(request.uid());
  if (!session.has_value()) return call->Finish(SessionNotFound(request.uid()));
  status = CheckEtag(request, *session);
  if (!status.ok()) return call->Finish(status);
  if (request.validate_only()) {
    v1::KillSessionResponse answer;
    *answer.mutable_result() = WouldEnd(broker, {request.uid()}).front();
    return call->Finish(grpc::Status::OK, std::move(answer));
  }
  broker.Kill(kill, [call, uid = request.uid()](const KillResult& result) {
    if (result.outcome == KillOutcome::kNotFound) return call->Finish(SessionNotFound(uid));
    if (result.outcome == KillOutcome::kFailed) call->NoteFailure(result.message);
    v1::KillSessionResponse answer;
    *answer.mutable_result() = KillResultToProto(result);
    call->Finish(grpc::Status::OK, std::move(answer));
  });
}

v1::KillSessionsResponse ToResponse(const std::vector<v1::KillResult>& results) {
  v1::KillSessionsResponse response;
  for (const v1::KillResult& result : results) *response.add_results() = result;
  return response;
}

void KillMany(BrokerControl& broker, const v1::KillSessionsRequest& request,
              ovpn::WallTime deadline, const KillSessionsCall& call) {
  SessionFilter filter;
  grpc::Status status = CheckSelector(request, filter);
  if (!status.ok()) return call->Finish(status);
  KillRequest kill;
  status = ParseKillRequest(request, deadline, kill);
  if (!status.ok()) return call->Finish(status);
  const auto uids = SelectLive(
      broker, [&](const ovpn::Session& session) { return IsSelected(request, filter, session); });
  status = CheckCount(request, uids.size());
  if (!status.ok()) return call->Finish(status);
  if (request.validate_only()) {
    return call->Finish(grpc::Status::OK, ToResponse(WouldEnd(broker, uids)));
  }
  KillAll(broker, uids, std::move(kill), [call](const std::vector<v1::KillResult>& results) {
    const std::string failure = FailureOf(results);
    if (!failure.empty()) call->NoteFailure(failure);
    call->Finish(grpc::Status::OK, ToResponse(results));
  });
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
                        *result.mutable_session() = SessionToAdminProto(*session);
                        return grpc::Status::OK;
                      });
}

grpc::ServerUnaryReactor* SessionService::ListSessions(grpc::CallbackServerContext* call,
                                                       const v1::ListSessionsRequest* request,
                                                       v1::ListSessionsResponse* response) {
  return AnswerOnLoop(
      context_, *call, request, response,
      [this](const v1::ListSessionsRequest& copy, v1::ListSessionsResponse& result) {
        result.set_watch_token(WatchTokenAt(context_.broker.session_journal()));
        return ListSessionsPage(context_.broker, copy, result);
      });
}

grpc::ServerWriteReactor<v1::WatchSessionsResponse>* SessionService::WatchSessions(
    grpc::CallbackServerContext* call, const v1::WatchSessionsRequest* request) {
  return WatchOnLoop<v1::WatchSessionsRequest, v1::WatchSessionsResponse>(
      context_, call, request,
      [this](const v1::WatchSessionsRequest& copy, const SessionWatches::Call& watch) {
        watches_.Begin(context_, copy, watch);
      });
}

grpc::ServerUnaryReactor* SessionService::KillSession(grpc::CallbackServerContext* call,
                                                      const v1::KillSessionRequest* request,
                                                      v1::KillSessionResponse* response) {
  return HandleOnLoop(context_, *call, request, response,
                      [this, deadline = call->deadline()](const v1::KillSessionRequest& copy,
                                                          const KillSessionCall& open_call) {
                        KillOne(context_.broker, copy, deadline, open_call);
                      });
}

grpc::ServerUnaryReactor* SessionService::KillSessions(grpc::CallbackServerContext* call,
                                                       const v1::KillSessionsRequest* request,
                                                       v1::KillSessionsResponse* response) {
  return HandleOnLoop(context_, *call, request, response,
                      [this, deadline = call->deadline()](const v1::KillSessionsRequest& copy,
                                                          const KillSessionsCall& open_call) {
                        KillMany(context_.broker, copy, deadline, open_call);
                      });
}

}  // namespace ovpnbroker::server
