// Rules about what a policy must bear: things that need no answer, that it does not know, that are
// odd or large. After each, a plain question must be answered as ever.
#include <string>

#include "absl/strings/str_cat.h"
#include "server/policy_check/dialogue.h"

namespace ovpnbroker::policy_check {
namespace {

namespace v1 = policy::v1;

// Numbers that no field and no enum value of the contract has.
constexpr int kUnknownField = 4999;
constexpr size_t kLargeEnvironmentBytes = size_t{200} * 1024;
constexpr size_t kLargeValueBytes = 2000;
constexpr char kSomeId[] = "0190a5a0-0000-7000-8000-000000000001";

Outcome StillAnswers(Dialogue& dialogue, const Target& target, const std::string& after) {
  dialogue.AskOne(MakeQuestion("policy-check", target), after);
  return dialogue.ok() ? Outcome{} : Failed(dialogue.error());
}

Request EventMessage(v1::SessionEvent::Kind kind, int64_t sequence, const Target& target) {
  Request message;
  auto& event = *message.mutable_session_event();
  event.mutable_cursor()->set_broker_epoch("policy-check");
  event.mutable_cursor()->set_sequence(sequence);
  event.set_kind(kind);
  if (kind == v1::SessionEvent::KIND_SNAPSHOT || kind == v1::SessionEvent::KIND_DISCONNECTED) {
    *event.mutable_session() = MakeQuestion("policy-check", target).session();
  }
  return message;
}

}  // namespace

Outcome CheckCancellation(const Target& target) {
  Dialogue dialogue(target);
  const v1::DecisionRequest question = MakeQuestion("policy-check", target);
  Request cancel;
  cancel.mutable_decision_cancellation()->set_decision_id(question.decision_id());
  cancel.mutable_decision_cancellation()->set_reason(v1::DecisionCancellation::REASON_CLIENT_GONE);
  dialogue.Send(AsMessage(question));
  dialogue.Send(cancel);
  cancel.mutable_decision_cancellation()->set_decision_id(kSomeId);
  dialogue.Send(cancel);
  if (!dialogue.ok()) return Failed(dialogue.error());
  // A verdict that was on its way is harmless; a second one for the same id is not.
  const v1::DecisionRequest next = MakeQuestion("policy-check", target);
  dialogue.Send(AsMessage(next));
  const auto deadline = std::chrono::steady_clock::now() + target.decision_timeout;
  int late = 0;
  while (const auto message = dialogue.stream().Next(deadline)) {
    if (!message->has_decision()) continue;
    const std::string& id = message->decision().decision_id();
    if (id == next.decision_id()) return {};
    if (id != question.decision_id() || ++late > 1) {
      return Failed(absl::StrCat("a cancellation was answered with a decision for '", id, "'"));
    }
  }
  return Failed("after a cancellation the next question was not answered");
}

Outcome CheckOutcomes(const Target& target) {
  Dialogue dialogue(target);
  for (int result = 1; result <= v1::DecisionOutcome::Result_MAX; ++result) {
    Request message;
    auto& outcome = *message.mutable_decision_outcome();
    outcome.set_decision_id(kSomeId);
    outcome.set_result(static_cast<v1::DecisionOutcome::Result>(result));
    if (outcome.result() == v1::DecisionOutcome::RESULT_REJECTED) {
      outcome.mutable_status()->set_code(grpc::StatusCode::INVALID_ARGUMENT);
      outcome.mutable_status()->set_message("allow.config.routes[0].destination");
    }
    dialogue.Send(message);
  }
  return StillAnswers(dialogue, target, "after outcomes of every kind");
}

Outcome CheckUnknown(const Target& target) {
  Dialogue dialogue(target);
  Request unknown_arm;
  unknown_arm.GetReflection()
      ->MutableUnknownFields(&unknown_arm)
      ->AddLengthDelimited(kUnknownField, "from a later version");
  dialogue.Send(unknown_arm);
  v1::DecisionRequest question = MakeQuestion("policy-check", target);
  question.GetReflection()->MutableUnknownFields(&question)->AddVarint(kUnknownField, 1);
  question.set_token_state(static_cast<v1::TokenState>(kUnknownField));
  dialogue.AskOne(question, "with an unknown field and an unknown enum value");
  Request outcome;
  outcome.mutable_decision_outcome()->set_decision_id(kSomeId);
  outcome.mutable_decision_outcome()->set_result(
      static_cast<v1::DecisionOutcome::Result>(kUnknownField));
  dialogue.Send(outcome);
  return StillAnswers(dialogue, target, "after messages of a later version");
}

Outcome CheckNotUtf8(const Target& target) {
  Dialogue dialogue(target);
  v1::DecisionRequest question = MakeQuestion("policy-check", target);
  (*question.mutable_environment())["username"] = "\xff\xfe\xc3(";
  (*question.mutable_environment())["X509_0_CN"] = std::string("a\0b", 3);
  question.mutable_session()->set_username("\xEF\xBF\xBD\xEF\xBF\xBD(");  // as the broker shows it
  dialogue.AskOne(question, "with values that are not UTF-8");
  return StillAnswers(dialogue, target, "after values that are not UTF-8");
}

Outcome CheckLargeEnvironment(const Target& target) {
  Dialogue dialogue(target);
  v1::DecisionRequest question = MakeQuestion("policy-check", target);
  for (size_t i = 0; i * kLargeValueBytes < kLargeEnvironmentBytes; ++i) {
    (*question.mutable_environment())[absl::StrCat("UV_CHECK_", i)] =
        std::string(kLargeValueBytes, 'x');
  }
  question.set_environment_truncated(true);
  dialogue.AskOne(question, "with 200 KiB of environment");
  return StillAnswers(dialogue, target, "after 200 KiB of environment");
}

Outcome CheckSessionEvents(const Target& target) {
  Dialogue dialogue(target);
  if (dialogue.ok() && !dialogue.Has(v1::CAPABILITY_SESSION_EVENTS)) {
    return Skipped("the policy did not switch on CAPABILITY_SESSION_EVENTS");
  }
  int64_t sequence = 0;
  for (const auto kind :
       {v1::SessionEvent::KIND_CURSOR_LOST, v1::SessionEvent::KIND_SNAPSHOT,
        v1::SessionEvent::KIND_SNAPSHOT_COMPLETE, v1::SessionEvent::KIND_INSTANCE_CHANGED,
        v1::SessionEvent::KIND_PROGRESS, v1::SessionEvent::KIND_DISCONNECTED}) {
    dialogue.Send(EventMessage(kind, ++sequence, target));
  }
  return StillAnswers(dialogue, target, "after a lost cursor, a snapshot and a disconnect");
}

}  // namespace ovpnbroker::policy_check
