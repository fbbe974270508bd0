// Rules about verdicts: one for each question, in time, readable, the same for the same id.
#include <google/protobuf/util/message_differencer.h>

#include <variant>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "policy/stream/verdict_codec.h"
#include "server/policy_check/dialogue.h"

namespace ovpnbroker::policy_check {
namespace {

namespace v1 = policy::v1;

constexpr int kRepeats = 10;

Outcome Result(const Dialogue& dialogue) {
  return dialogue.ok() ? Outcome{} : Failed(dialogue.error());
}

}  // namespace

Outcome CheckAnswer(const Target& target) {
  Dialogue dialogue(target);
  for (const char* name : kNames) {
    v1::Decision decision;
    const std::string what = absl::StrCat("user \"", name, "\"");
    if (dialogue.AskOne(MakeQuestion(name, target), what, &decision) &&
        decision.verdict_case() == v1::Decision::VERDICT_NOT_SET) {
      dialogue.Fail(absl::StrCat(what, ": the decision has no verdict"));
    }
  }
  return Result(dialogue);
}

Outcome CheckVerdictReadable(const Target& target) {
  Dialogue dialogue(target);
  policy::StreamTerms terms;
  terms.raw_directives = dialogue.Has(v1::CAPABILITY_RAW_DIRECTIVES);
  terms.pending_auth = dialogue.Has(v1::CAPABILITY_PENDING_AUTH);
  for (const char* name : kNames) {
    v1::Decision decision;
    const std::string what = absl::StrCat("user \"", name, "\"");
    v1::DecisionRequest question = MakeQuestion(name, target);
    for (const char* method : {"webauth", "openurl", "crtext"}) {
      question.add_pending_auth_methods(method);
    }
    if (!dialogue.AskOne(question, what, &decision)) break;
    const ovpn::Verdict verdict = policy::VerdictFromProto(decision, terms);
    const auto* failure = std::get_if<ovpn::Failure>(&verdict);
    if (failure == nullptr || failure->cause != ovpn::FailureCause::kInvalidVerdict) continue;
    std::string why = absl::StrCat(what, ": the broker would refuse this verdict");
    for (const ovpn::FieldViolation& violation : failure->violations) {
      absl::StrAppend(&why, "; ", violation.field, " ", violation.description);
    }
    dialogue.Fail(why);
  }
  return Result(dialogue);
}

Outcome CheckIdempotent(const Target& target) {
  Dialogue dialogue(target);
  for (const char* name : kNames) {
    v1::DecisionRequest question = MakeQuestion(name, target);
    v1::Decision first;
    for (int attempt = 1; attempt <= kRepeats && dialogue.ok(); ++attempt) {
      question.set_attempt(attempt);
      v1::Decision decision;
      if (!dialogue.AskOne(question, absl::StrCat("attempt ", attempt), &decision)) break;
      decision.clear_audit_annotations();
      if (attempt == 1) {
        first = decision;
      } else if (!google::protobuf::util::MessageDifferencer::Equals(first, decision)) {
        dialogue.Fail(absl::StrCat("attempt ", attempt, " of one decision_id was answered { ",
                                   decision.ShortDebugString(), " }, attempt 1 { ",
                                   first.ShortDebugString(), " }"));
      }
    }
  }
  return Result(dialogue);
}

Outcome CheckBurst(const Target& target) {
  Dialogue dialogue(target);
  std::vector<v1::DecisionRequest> questions;
  const int count = 2 * dialogue.max_in_flight();
  questions.reserve(static_cast<size_t>(count));
  for (int i = 0; i < count; ++i) {
    questions.push_back(MakeQuestion(absl::StrCat("policy-check-", i), target));
  }
  dialogue.Ask(questions);
  return Result(dialogue);
}

Outcome CheckReauth(const Target& target) {
  Dialogue dialogue(target);
  v1::DecisionRequest question = MakeQuestion("alice", target);
  question.set_kind(v1::DecisionRequest::KIND_REAUTH);
  question.set_kid(1);
  question.mutable_session()->set_state(type::v1::Session::STATE_ESTABLISHED);
  dialogue.AskOne(question, "KIND_REAUTH");
  return Result(dialogue);
}

Outcome CheckNoSecretEchoed(const Target& target) {
  Dialogue dialogue(target);
  if (dialogue.ok() && !dialogue.Has(v1::CAPABILITY_PASSWORD)) {
    return Skipped("the policy did not switch on CAPABILITY_PASSWORD");
  }
  for (const char* name : kNames) {
    v1::DecisionRequest question = MakeQuestion(name, target);
    AddPassword(question);
    v1::Decision decision;
    if (!dialogue.AskOne(question, "with a password", &decision)) break;
    if (absl::StrContains(decision.SerializeAsString(), kSecretPassword)) {
      dialogue.Fail(absl::StrCat("user \"", name, "\": the verdict repeats the password: { ",
                                 decision.ShortDebugString(), " }"));
    }
  }
  return Result(dialogue);
}

Outcome CheckDryRun(const Target& target) {
  Dialogue dialogue(target);
  if (dialogue.ok() && !dialogue.Has(v1::CAPABILITY_DRY_RUN)) {
    return Skipped("the policy did not switch on CAPABILITY_DRY_RUN");
  }
  for (const char* name : kNames) {
    v1::DecisionRequest question = MakeQuestion(name, target);
    question.set_dry_run(true);
    v1::Decision dry;
    v1::Decision real;
    if (!dialogue.AskOne(question, "as a dry run", &dry) ||
        !dialogue.AskOne(MakeQuestion(name, target), "after a dry run", &real)) {
      break;
    }
    if (dry.verdict_case() == real.verdict_case()) continue;
    dialogue.Fail(absl::StrCat("user \"", name, "\": the dry run was answered { ",
                               dry.ShortDebugString(), " }, the real question { ",
                               real.ShortDebugString(), " }"));
  }
  return Result(dialogue);
}

Outcome CheckMissingPassword(const Target& target) {
  Dialogue dialogue(target, {});
  v1::Decision decision;
  dialogue.AskOne(MakeQuestion("alice", target), "without credentials", &decision);
  return Result(dialogue);
}

}  // namespace ovpnbroker::policy_check
