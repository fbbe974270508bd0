#include "server/recording_desk.h"

#include <utility>

#include "ovpn/base/utf8.h"
#include "policy/stream/request_codec.h"
#include "policy/stream/session_codec.h"
#include "policy/stream/verdict_encoder.h"
#include "server/replay/redact_verdict.h"

namespace ovpnbroker::server {
namespace {

// Nobody could judge these again: there is no verdict to compare with, or it rests on what the
// client answered.
bool CanBeReplayed(const policy::JudgedRequest& judged) {
  return !std::holds_alternative<ovpn::Failure>(judged.verdict) && judged.steps == 0 &&
         judged.request.kind != ovpn::AuthKind::kChallengeResponse;
}

std::shared_ptr<const admin::v1::RecordedDecision> Record(const policy::JudgedRequest& judged) {
  auto record = std::make_shared<admin::v1::RecordedDecision>();
  // Terms without a single capability: neither the password nor an answer of the client is sent.
  *record->mutable_request() = policy::MakeDecisionRequest(
      {.decision_id = judged.id, .timeout = ovpn::Duration::zero()}, judged.request, {});
  *record->mutable_decision() = policy::VerdictToProto(RedactVerdict(judged.verdict));
  record->mutable_decision()->set_decision_id(judged.id);
  record->mutable_decision()->set_policy_revision(ovpn::ReplaceInvalidUtf8(judged.policy_revision));
  record->set_policy(std::string(judged.policy));
  *record->mutable_latency() = policy::DurationToProto(judged.latency);
  return record;
}

}  // namespace

uint64_t RecordingDesk::AddListener(const std::string& instance, Listener listener) {
  listeners_.emplace(++last_number_, Entry{instance, std::move(listener)});
  return last_number_;
}

void RecordingDesk::OnJudged(const policy::JudgedRequest& judged) {
  if (listeners_.empty() || !CanBeReplayed(judged)) return;
  std::shared_ptr<const admin::v1::RecordedDecision> record;
  for (const auto& [number, entry] : listeners_) {
    if (!entry.instance.empty() && entry.instance != judged.request.key.client.instance) continue;
    if (record == nullptr) record = Record(judged);
    entry.listener(record);
  }
}

}  // namespace ovpnbroker::server
