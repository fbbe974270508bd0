#include "server/admin/shadow_service.h"

#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "ovpn/base/utf8.h"
#include "policy/shadow_desk.h"
#include "policy/stream/session_codec.h"
#include "server/admin/page.h"
#include "server/admin/rpc_error.h"

namespace ovpnbroker::server {
namespace {

namespace v1 = admin::v1;
using ovpn::ReplaceInvalidUtf8;

v1::Shadow ShadowToProto(const policy::ShadowSummary& summary) {
  v1::Shadow message;
  message.set_policy(summary.policy);
  message.set_ready(summary.ready);
  message.set_in_flight_count(static_cast<uint32_t>(summary.in_flight));
  message.set_agreed_count(summary.agreed);
  message.set_differed_count(summary.differed);
  message.set_failed_count(summary.failed);
  message.set_timed_out_count(summary.timed_out);
  message.set_dropped_count(summary.dropped);
  return message;
}

v1::ShadowDifference DifferenceToProto(const policy::ShadowDifference& difference) {
  v1::ShadowDifference message;
  message.set_policy(difference.candidate);
  message.set_policy_revision(ReplaceInvalidUtf8(difference.candidate_revision));
  message.set_enforcing_policy(difference.enforcing_policy);
  message.set_decision_id(difference.decision_id);
  message.set_kind(std::string(ovpn::ToString(difference.kind)));
  message.set_instance(difference.instance);
  message.set_session_uid(difference.session_uid);
  message.set_common_name(ReplaceInvalidUtf8(difference.common_name));
  message.set_username(ReplaceInvalidUtf8(difference.username));
  *message.mutable_receive_time() = policy::TimestampToProto(difference.receive_time);
  for (const policy::FieldDifference& field : difference.fields) {
    v1::FieldDifference& added = *message.add_fields();
    added.set_field(field.field);
    added.set_enforced(ReplaceInvalidUtf8(field.enforced));
    added.set_candidate(ReplaceInvalidUtf8(field.candidate));
  }
  return message;
}

grpc::Status ListPage(const policy::ShadowDesk& desk,
                      const v1::ListShadowDifferencesRequest& request,
                      v1::ListShadowDifferencesResponse& response) {
  if (!request.policy().empty() && !desk.IsCandidate(request.policy())) {
    return NotFound("shadow", {{"policy", request.policy()}}, "SHADOW_NOT_FOUND",
                    absl::StrCat("no instance has a shadow policy ", request.policy()));
  }
  PageRequest page;
  grpc::Status status =
      ParsePageRequest(request.page_size(), request.page_token(), request.policy(), page);
  if (!status.ok()) return status;
  uint64_t before = 0;
  if (!page.after.empty() && !absl::SimpleAtoi(page.after, &before)) {
    return InvalidField("page_token", "PAGE_TOKEN_INVALID", "is not a token of this call");
  }
  uint64_t last = 0;
  desk.Visit(before, [&](uint64_t number, const policy::ShadowDifference& difference) {
    if (!request.policy().empty() && difference.candidate != request.policy()) return true;
    if (static_cast<size_t>(response.differences_size()) == page.size) {  // there is one more
      response.set_next_page_token(MakePageToken(absl::StrCat(last), request.policy()));
      return false;
    }
    *response.add_differences() = DifferenceToProto(difference);
    last = number;
    return true;
  });
  return grpc::Status::OK;
}

}  // namespace

grpc::ServerUnaryReactor* ShadowService::ListShadows(grpc::CallbackServerContext* call,
                                                     const v1::ListShadowsRequest* request,
                                                     v1::ListShadowsResponse* response) {
  return AnswerOnLoop(context_, *call, request, response,
                      [this](const v1::ListShadowsRequest&, v1::ListShadowsResponse& result) {
                        for (const auto& summary : context_.broker.shadows().Summaries()) {
                          *result.add_shadows() = ShadowToProto(summary);
                        }
                        return grpc::Status::OK;
                      });
}

grpc::ServerUnaryReactor* ShadowService::ListShadowDifferences(
    grpc::CallbackServerContext* call, const v1::ListShadowDifferencesRequest* request,
    v1::ListShadowDifferencesResponse* response) {
  return AnswerOnLoop(context_, *call, request, response,
                      [this](const v1::ListShadowDifferencesRequest& copy,
                             v1::ListShadowDifferencesResponse& result) {
                        return ListPage(context_.broker.shadows(), copy, result);
                      });
}

}  // namespace ovpnbroker::server
