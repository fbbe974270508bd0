#include "server/admin/decision_service.h"

#include <array>
#include <functional>
#include <iterator>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "ovpn/base/utf8.h"
#include "policy/stream/session_codec.h"
#include "server/admin/filter_terms.h"
#include "server/admin/page.h"
#include "server/admin/rpc_error.h"

namespace ovpnbroker::server {
namespace {

namespace v1 = admin::v1;
using ovpn::ReplaceInvalidUtf8;
using policy::DecisionRecord;
using policy::DurationToProto;

// The result of a decision without one.
constexpr absl::string_view kOpen = "OPEN";

struct Field {
  absl::string_view name;
  absl::string_view (*get)(const DecisionRecord&);
};

constexpr std::array<Field, 10> kFields = {{
    {"id", [](const DecisionRecord& r) { return absl::string_view(r.id); }},
    {"session_uid", [](const DecisionRecord& r) { return absl::string_view(r.session_uid); }},
    {"instance", [](const DecisionRecord& r) { return absl::string_view(r.key.client.instance); }},
    {"common_name",
     [](const DecisionRecord& r) { return absl::string_view(r.identity->common_name); }},
    {"username", [](const DecisionRecord& r) { return absl::string_view(r.identity->username); }},
    {"real_address",
     [](const DecisionRecord& r) { return absl::string_view(r.identity->real_address); }},
    {"policy", [](const DecisionRecord& r) { return absl::string_view(r.policy); }},
    {"kind", [](const DecisionRecord& r) { return ovpn::ToString(r.kind); }},
    {"result", [](const DecisionRecord& r) { return policy::ToString(r.result); }},
    {"code", [](const DecisionRecord& r) { return absl::string_view(r.code); }},
}};

std::vector<FilterField> FilterFields() {
  std::vector<FilterField> fields;
  for (const Field& field : kFields) {
    fields.push_back({field.name});
    if (field.name != "result") continue;
    for (size_t i = 0; i < policy::kDecisionResultCount; ++i) {
      fields.back().values.push_back(policy::ToString(static_cast<policy::DecisionResult>(i)));
    }
    fields.back().values.push_back(kOpen);
  }
  return fields;
}

// Which decisions a list call wants.
struct Selection {
  std::vector<FilterTerm> terms;
  PageRequest page;

  bool Has(const DecisionRecord& record, bool open) const {
    return MatchesAll(terms, [&](size_t field) {
      return open && kFields[field].name == "result" ? kOpen : kFields[field].get(record);
    });
  }
};

template <typename Request>
grpc::Status ParseSelection(const Request& request, Selection& selection) {
  auto terms = ParseFilter(request.filter(), FilterFields());
  if (!terms.ok()) return InvalidField("filter", "FILTER_INVALID", terms.status().message());
  selection.terms = *std::move(terms);
  return ParsePageRequest(request.page_size(), request.page_token(), request.filter(),
                          selection.page);
}

// By id, which begins with the time.
grpc::Status ListOpenPage(const BrokerControl& broker, const v1::ListOpenDecisionsRequest& request,
                          v1::ListOpenDecisionsResponse& response) {
  Selection selection;
  grpc::Status status = ParseSelection(request, selection);
  if (!status.ok()) return status;
  const PageRequest& page = selection.page;
  std::map<ovpn::DecisionId, v1::Decision, std::greater<>> found;
  broker.VisitUnfinishedDecisions([&](const DecisionRecord& record, bool open) {
    const bool listed_before = !page.after.empty() && record.id >= page.after;
    if (listed_before || !selection.Has(record, open)) return;
    found.emplace(record.id, DecisionToProto(record, open));
    if (found.size() > page.size + 1) found.erase(std::prev(found.end()));
  });
  const bool more = found.size() > page.size;
  if (more) found.erase(std::prev(found.end()));
  for (auto& [id, decision] : found) *response.add_decisions() = std::move(decision);
  if (more) response.set_next_page_token(MakePageToken(found.rbegin()->first, request.filter()));
  return grpc::Status::OK;
}

grpc::Status ListPage(const policy::DecisionHistory& history,
                      const v1::ListDecisionsRequest& request,
                      v1::ListDecisionsResponse& response) {
  Selection selection;
  grpc::Status status = ParseSelection(request, selection);
  if (!status.ok()) return status;
  const PageRequest& page = selection.page;
  uint64_t before = 0;
  if (!page.after.empty() && !absl::SimpleAtoi(page.after, &before)) {
    return InvalidField("page_token", "PAGE_TOKEN_INVALID", "is not a token of this call");
  }

  uint64_t last = 0;
  history.Visit(before, [&](uint64_t number, const DecisionRecord& record) {
    if (!selection.Has(record, /*open=*/false)) return true;
    if (static_cast<size_t>(response.decisions_size()) == page.size) {  // there is one more
      response.set_next_page_token(MakePageToken(absl::StrCat(last), request.filter()));
      return false;
    }
    *response.add_decisions() = DecisionToProto(record);
    last = number;
    return true;
  });
  return grpc::Status::OK;
}

grpc::Status FindDecision(const BrokerControl& broker, const std::string& id,
                          v1::GetDecisionResponse& response) {
  if (id.empty()) return InvalidField("id", "ID_MISSING", "must be set");
  if (const DecisionRecord* record = broker.decisions().Find(id)) {
    *response.mutable_decision() = DecisionToProto(*record);
    return grpc::Status::OK;
  }
  broker.VisitUnfinishedDecisions([&](const DecisionRecord& record, bool open) {
    if (record.id == id) *response.mutable_decision() = DecisionToProto(record, open);
  });
  if (response.has_decision()) return grpc::Status::OK;
  return NotFound("decision", {{"id", id}}, "DECISION_NOT_FOUND",
                  absl::StrCat("no decision (any more) has the id ", id));
}

void AddCourse(const DecisionRecord& record, v1::Decision& message) {
  for (const policy::AttemptRecord& attempt : record.attempt_list) {
    v1::DecisionAttempt& added = *message.add_attempts();
    *added.mutable_begin() = DurationToProto(attempt.begin);
    if (attempt.end.has_value()) *added.mutable_end() = DurationToProto(*attempt.end);
    added.set_replica(attempt.replica);
    added.set_result(ReplaceInvalidUtf8(attempt.result));
  }
  for (const policy::OpenvpnReply& reply : record.replies) {
    v1::DecisionReply& added = *message.add_replies();
    *added.mutable_time() = DurationToProto(reply.time);
    added.set_outcome(std::string(ToString(reply.outcome)));
    added.set_text(ReplaceInvalidUtf8(reply.text));
  }
}

}  // namespace

v1::Decision DecisionToProto(const DecisionRecord& record, bool open) {
  v1::Decision message;
  message.set_id(record.id);
  message.set_kind(std::string(ovpn::ToString(record.kind)));
  message.set_instance(record.key.client.instance);
  message.set_epoch(record.key.client.epoch.value);
  message.set_cid(record.key.client.cid.value);
  message.set_kid(record.key.kid.value);
  message.set_session_uid(record.session_uid);
  message.set_common_name(ReplaceInvalidUtf8(record.identity->common_name));
  message.set_username(ReplaceInvalidUtf8(record.identity->username));
  message.set_real_address(ReplaceInvalidUtf8(record.identity->real_address));
  *message.mutable_receive_time() = policy::TimestampToProto(record.receive_time);
  message.set_policy(record.policy);
  message.set_replica(record.replica);
  message.set_policy_revision(ReplaceInvalidUtf8(record.policy_revision));
  message.set_result(std::string(open ? kOpen : ToString(record.result)));
  message.set_detail(ReplaceInvalidUtf8(record.detail));
  message.set_code(ReplaceInvalidUtf8(record.code));
  for (const ovpn::FieldViolation& violation : record.violations) {
    message.add_violations(
        ReplaceInvalidUtf8(absl::StrCat(violation.field, ": ", violation.description)));
  }
  for (const auto& [name, value] : record.audit_annotations) {
    message.mutable_audit_annotations()->insert(
        {ReplaceInvalidUtf8(name), ReplaceInvalidUtf8(value)});
  }
  *message.mutable_latency() = DurationToProto(record.latency);
  message.set_basis(std::string(ToString(record.basis)));
  message.set_answer(ReplaceInvalidUtf8(record.answer));
  for (const std::string& line : record.lines) message.add_lines(ReplaceInvalidUtf8(line));
  if (record.outcome.has_value()) message.set_outcome(std::string(ToString(*record.outcome)));
  for (const std::string& address : record.wanted_addresses) message.add_wanted_addresses(address);
  for (const std::string& address : record.got_addresses) message.add_got_addresses(address);
  AddCourse(record, message);
  return message;
}

grpc::ServerUnaryReactor* DecisionService::GetDecision(grpc::CallbackServerContext* call,
                                                       const v1::GetDecisionRequest* request,
                                                       v1::GetDecisionResponse* response) {
  return AnswerOnLoop(context_, *call, request, response,
                      [this](const v1::GetDecisionRequest& copy, v1::GetDecisionResponse& result) {
                        return FindDecision(context_.broker, copy.id(), result);
                      });
}

grpc::ServerUnaryReactor* DecisionService::ListOpenDecisions(
    grpc::CallbackServerContext* call, const v1::ListOpenDecisionsRequest* request,
    v1::ListOpenDecisionsResponse* response) {
  return AnswerOnLoop(
      context_, *call, request, response,
      [this](const v1::ListOpenDecisionsRequest& copy, v1::ListOpenDecisionsResponse& result) {
        return ListOpenPage(context_.broker, copy, result);
      });
}

grpc::ServerUnaryReactor* DecisionService::ListDecisions(grpc::CallbackServerContext* call,
                                                         const v1::ListDecisionsRequest* request,
                                                         v1::ListDecisionsResponse* response) {
  return AnswerOnLoop(
      context_, *call, request, response,
      [this](const v1::ListDecisionsRequest& copy, v1::ListDecisionsResponse& result) {
        return ListPage(context_.broker.decisions(), copy, result);
      });
}

}  // namespace ovpnbroker::server
