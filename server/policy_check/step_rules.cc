// Rules about further steps of a client: what a policy may ask of it, and its answer.
#include <google/protobuf/util/message_differencer.h>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/policy_check/dialogue.h"

namespace ovpnbroker::policy_check {
namespace {

namespace v1 = policy::v1;

constexpr char kSecretAnswer[] = "kX9-answer-that-nobody-may-see";

// What a client may say that it can do. The first can do nothing.
const std::vector<std::vector<std::string>>& MethodSets() {
  static const auto* const kSets = new std::vector<std::vector<std::string>>{
      {}, {"crtext"}, {"webauth"}, {"openurl"}, {"webauth", "openurl", "crtext"}};
  return *kSets;
}

bool CanDo(const v1::DecisionRequest& question, const v1::PendingAuth& step) {
  for (const std::string& method : question.pending_auth_methods()) {
    if (step.has_challenge_text() ? method == "crtext" : method != "crtext") return true;
  }
  return false;
}

// The client's answer to what `question` was answered with.
v1::DecisionRequest Answering(v1::DecisionRequest question) {
  question.set_kind(v1::DecisionRequest::KIND_CHALLENGE_RESPONSE);
  question.set_round(1);
  question.set_attempt(question.attempt() + 1);
  question.mutable_session()->set_state(type::v1::Session::STATE_PENDING_AUTH);
  question.mutable_credentials()->set_username(question.session().username());
  question.mutable_credentials()->set_challenge_response(absl::Base64Escape(kSecretAnswer));
  return question;
}

bool RepeatsAnswer(const v1::Decision& decision) {
  const std::string bytes = decision.SerializeAsString();
  return absl::StrContains(bytes, kSecretAnswer) ||
         absl::StrContains(bytes, absl::Base64Escape(kSecretAnswer));
}

void CheckResponse(const v1::DecisionRequest& question, Dialogue& dialogue) {
  v1::DecisionRequest response = Answering(question);
  v1::Decision first;
  v1::Decision second;
  const std::string what =
      absl::StrCat("user \"", question.session().username(), "\", KIND_CHALLENGE_RESPONSE");
  if (!dialogue.AskOne(response, what, &first)) return;
  response.set_attempt(response.attempt() + 1);
  if (!dialogue.AskOne(response, absl::StrCat(what, " again"), &second)) return;
  if (RepeatsAnswer(first) || RepeatsAnswer(second)) {
    dialogue.Fail(
        absl::StrCat(what, ": the verdict repeats the answer: { ", first.ShortDebugString(), " }"));
  }
  first.clear_audit_annotations();
  second.clear_audit_annotations();
  if (first.verdict_case() == v1::Decision::VERDICT_NOT_SET) {
    dialogue.Fail(absl::StrCat(what, ": the decision has no verdict"));
  } else if (!google::protobuf::util::MessageDifferencer::Equals(first, second)) {
    dialogue.Fail(absl::StrCat(what, ": the same decision_id and round were answered { ",
                               first.ShortDebugString(), " }, then { ", second.ShortDebugString(),
                               " }"));
  }
}

}  // namespace

Outcome CheckSteps(const Target& target) {
  Dialogue dialogue(target);
  if (dialogue.ok() && !dialogue.Has(v1::CAPABILITY_PENDING_AUTH)) {
    return Skipped("the policy did not switch on CAPABILITY_PENDING_AUTH");
  }
  for (const char* name : kNames) {
    for (const std::vector<std::string>& methods : MethodSets()) {
      v1::DecisionRequest question = MakeQuestion(name, target);
      for (const std::string& method : methods) question.add_pending_auth_methods(method);
      v1::Decision decision;
      if (!dialogue.AskOne(question, absl::StrCat("user \"", name, "\""), &decision)) break;
      if (!decision.has_pending_auth() || CanDo(question, decision.pending_auth())) continue;
      dialogue.Fail(absl::StrCat("user \"", name, "\" whose client can do ",
                                 methods.empty() ? "nothing" : methods.front(), " only: { ",
                                 decision.ShortDebugString(), " }"));
    }
  }
  return dialogue.ok() ? Outcome{} : Failed(dialogue.error());
}

Outcome CheckChallengeResponse(const Target& target) {
  Dialogue dialogue(target);
  if (dialogue.ok() && !dialogue.Has(v1::CAPABILITY_PENDING_AUTH)) {
    return Skipped("the policy did not switch on CAPABILITY_PENDING_AUTH");
  }
  int asked = 0;
  for (const char* name : kNames) {
    v1::DecisionRequest question = MakeQuestion(name, target);
    question.add_pending_auth_methods("crtext");
    v1::Decision decision;
    if (!dialogue.AskOne(question, absl::StrCat("user \"", name, "\""), &decision)) break;
    if (!decision.pending_auth().has_challenge_text()) continue;
    ++asked;
    CheckResponse(question, dialogue);
  }
  if (dialogue.ok() && asked == 0) return Skipped("the policy asked no user of the check anything");
  return dialogue.ok() ? Outcome{} : Failed(dialogue.error());
}

}  // namespace ovpnbroker::policy_check
