#include "server/admin/ban_service.h"

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "ovpn/base/ids.h"
#include "server/admin/ban_request.h"
#include "server/admin/filter_terms.h"
#include "server/admin/kill_all.h"
#include "server/admin/kill_request.h"
#include "server/admin/page.h"
#include "server/admin/rpc_error.h"

namespace ovpnbroker::server {
namespace {

namespace v1 = admin::v1;
using policy::Ban;
using policy::BanKind;
using CreateBanCall = std::shared_ptr<LoopCall<v1::CreateBanResponse>>;

ovpn::WallTime Now() { return std::chrono::system_clock::now(); }

struct Field {
  absl::string_view name;
  absl::string_view (*get)(const Ban&);
};

constexpr std::array<Field, 4> kFields = {{
    {"kind", [](const Ban& ban) { return policy::ToString(ban.subject.kind()); }},
    {"subject", [](const Ban& ban) { return absl::string_view(ban.subject.text()); }},
    {"reason", [](const Ban& ban) { return absl::string_view(ban.reason); }},
    {"creator", [](const Ban& ban) { return absl::string_view(ban.creator); }},
}};

std::vector<FilterField> FilterFields() {
  std::vector<FilterField> fields;
  fields.reserve(kFields.size());
  for (const Field& field : kFields) fields.push_back({field.name});
  for (const BanKind kind : policy::kBanKinds) {
    fields.front().values.push_back(policy::ToString(kind));
  }
  return fields;
}

grpc::Status BanNotFound(const std::string& uid) {
  return NotFound("ban", {{"uid", uid}}, "BAN_NOT_FOUND", absl::StrCat("no ban has the uid ", uid));
}

grpc::Status NotSaved(const absl::Status& status, absl::string_view consequence) {
  return RpcError(grpc::StatusCode::INTERNAL, "BAN_NOT_SAVED",
                  absl::StrCat(consequence, ": ", status.message()));
}

grpc::Status ListPage(const policy::BanList& bans, const v1::ListBansRequest& request,
                      v1::ListBansResponse& response) {
  const auto terms = ParseFilter(request.filter(), FilterFields());
  if (!terms.ok()) return InvalidField("filter", "FILTER_INVALID", terms.status().message());
  PageRequest page;
  grpc::Status status =
      ParsePageRequest(request.page_size(), request.page_token(), request.filter(), page);
  if (!status.ok()) return status;
  bans.Visit(page.after, Now(), [&](const Ban& ban) {
    if (!MatchesAll(*terms, [&ban](size_t field) { return kFields[field].get(ban); })) return true;
    if (static_cast<size_t>(response.bans_size()) == page.size) {  // there is one more
      response.set_next_page_token(
          MakePageToken(response.bans().rbegin()->uid(), request.filter()));
      return false;
    }
    *response.add_bans() = BanToProto(ban);
    return true;
  });
  return grpc::Status::OK;
}

grpc::Status CheckNew(const policy::BanList& bans, const v1::CreateBanRequest& request,
                      const Ban& ban) {
  const Ban* old = bans.FindSubject(ban.subject, Now());
  if (old == nullptr || request.replace()) return grpc::Status::OK;
  return AlreadyExists("ban", {{"uid", old->uid}}, "BAN_EXISTS",
                       absl::StrCat(ban.subject.text(), " is banned already (", old->uid,
                                    "); set `replace` to replace that ban"));
}

// Answers when both the disk and the kills are done.
struct Creation {
  CreateBanCall call;
  v1::CreateBanResponse response;
  std::optional<absl::Status> saved;
  bool killed = false;

  void FinishIfDone() {
    if (!saved.has_value() || !killed) return;
    if (!saved->ok()) {
      return call->Finish(NotSaved(*saved, "the ban holds, but the next broker may not know it"));
    }
    call->Finish(grpc::Status::OK, std::move(response));
  }
};

void Create(BrokerControl& broker, const v1::CreateBanRequest& request, const std::string& creator,
            ovpn::WallTime deadline, const CreateBanCall& call) {
  std::optional<Ban> ban;
  grpc::Status status = ParseBan(request, Now(), creator, ban);
  if (!status.ok()) return call->Finish(status);
  KillRequest kill;
  status = ParseKillRequest(v1::KILL_DISPOSITION_HALT, request.client_reason(),
                            request.has_wait() ? &request.wait() : nullptr, deadline, kill);
  if (!status.ok()) return call->Finish(status);
  status = CheckNew(broker.bans().list(), request, *ban);
  if (!status.ok()) return call->Finish(status);

  const auto creation = std::make_shared<Creation>();
  creation->call = call;
  const std::vector<ovpn::SessionUid> uids = SelectLive(
      broker,
      [&ban](const ovpn::Session& session) { return ban->subject.Matches(*session.identity); });
  creation->response.set_matching_session_count(static_cast<uint32_t>(uids.size()));
  if (request.validate_only()) {
    *creation->response.mutable_ban() = BanToProto(*ban);
    return call->Finish(grpc::Status::OK, std::move(creation->response));
  }
  ban->uid = ovpn::NewUuid7(ban->create_time);
  *creation->response.mutable_ban() = BanToProto(*ban);
  // In force before anybody is ended: who comes back at once is denied.
  const absl::Status added =
      broker.bans().Add(*std::move(ban), [creation](const absl::Status& saved) {
        creation->saved = saved;
        creation->FinishIfDone();
      });
  if (!added.ok()) return call->Finish(LimitReached("bans", "BAN_LIMIT", added.message()));
  KillAll(broker, request.kill_matching() ? uids : std::vector<ovpn::SessionUid>(), std::move(kill),
          [creation](const std::vector<v1::KillResult>& results) {
            for (const v1::KillResult& result : results) {
              *creation->response.add_kill_results() = result;
            }
            const std::string failure = FailureOf(results);
            if (!failure.empty()) creation->call->NoteFailure(failure);
            creation->killed = true;
            creation->FinishIfDone();
          });
}

void Delete(BrokerControl& broker, const v1::DeleteBanRequest& request,
            const std::shared_ptr<LoopCall<v1::DeleteBanResponse>>& call) {
  if (request.uid().empty()) return call->Finish(InvalidField("uid", "UID_MISSING", "must be set"));
  grpc::Status status = CheckReason(request.reason());
  if (!status.ok()) return call->Finish(status);
  const Ban* ban = broker.bans().list().Find(request.uid(), Now());
  if (ban == nullptr) return call->Finish(BanNotFound(request.uid()));
  v1::DeleteBanResponse response;
  *response.mutable_ban() = BanToProto(*ban);
  broker.bans().Remove(request.uid(), [call,
                                       response = std::move(response)](const absl::Status& saved) {
    call->Finish(saved.ok() ? grpc::Status::OK
                            : NotSaved(saved, "the ban has ended, but the next broker may know it"),
                 response);
  });
}

}  // namespace

grpc::ServerUnaryReactor* BanService::GetBan(grpc::CallbackServerContext* call,
                                             const v1::GetBanRequest* request,
                                             v1::GetBanResponse* response) {
  return AnswerOnLoop(context_, *call, request, response,
                      [this](const v1::GetBanRequest& copy, v1::GetBanResponse& result) {
                        if (copy.uid().empty())
                          return InvalidField("uid", "UID_MISSING", "must be set");
                        const Ban* ban = context_.broker.bans().list().Find(copy.uid(), Now());
                        if (ban == nullptr) return BanNotFound(copy.uid());
                        *result.mutable_ban() = BanToProto(*ban);
                        return grpc::Status::OK;
                      });
}

grpc::ServerUnaryReactor* BanService::ListBans(grpc::CallbackServerContext* call,
                                               const v1::ListBansRequest* request,
                                               v1::ListBansResponse* response) {
  return AnswerOnLoop(context_, *call, request, response,
                      [this](const v1::ListBansRequest& copy, v1::ListBansResponse& result) {
                        return ListPage(context_.broker.bans().list(), copy, result);
                      });
}

grpc::ServerUnaryReactor* BanService::CreateBan(grpc::CallbackServerContext* call,
                                                const v1::CreateBanRequest* request,
                                                v1::CreateBanResponse* response) {
  return HandleOnLoop(
      context_, *call, request, response,
      [this, deadline = call->deadline(), creator = context_.access.Identify(*call).name](
          const v1::CreateBanRequest& copy, const CreateBanCall& open_call) {
        Create(context_.broker, copy, creator, deadline, open_call);
      });
}

grpc::ServerUnaryReactor* BanService::DeleteBan(grpc::CallbackServerContext* call,
                                                const v1::DeleteBanRequest* request,
                                                v1::DeleteBanResponse* response) {
  return HandleOnLoop(context_, *call, request, response,
                      [this](const v1::DeleteBanRequest& copy,
                             const std::shared_ptr<LoopCall<v1::DeleteBanResponse>>& open_call) {
                        Delete(context_.broker, copy, open_call);
                      });
}

}  // namespace ovpnbroker::server
