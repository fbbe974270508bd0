#include "server/evaluation_desk.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "ovpn/instance/further_step.h"
#include "ovpn/management/client_auth_block.h"
#include "ovpn/management/command.h"

namespace ovpnbroker::server {
namespace {

// Those of an instance's first client: 0 names no key.
constexpr ovpn::Cid kCid{0};
constexpr ovpn::Kid kKid{1};

// As the instance would write it, or why it could not.
void Compile(const EvaluationDesk::Question& question, Evaluation& evaluation) {
  const ovpn::Verdict& verdict = evaluation.reply.verdict;
  const ovpn::ClientIdentity& client = *question.request.session.identity;
  const auto take_violations = [&evaluation](const auto& compiled) {
    if (!compiled.ok()) evaluation.violations = compiled.violations();
  };
  if (const auto* allow = std::get_if<ovpn::Allow>(&verdict)) {
    const auto block = ovpn::ClientAuthBlock::Compile(allow->config, question.allowed_raw);
    take_violations(block);
    if (block.ok()) evaluation.lines = block.value().lines();
  } else if (const auto* deny = std::get_if<ovpn::Deny>(&verdict)) {
    take_violations(ovpn::commands::ClientDeny(kCid, kKid, *deny, client.username));
  } else if (const auto* step = std::get_if<ovpn::PendingAuth>(&verdict)) {
    take_violations(ovpn::CompileStep(kCid, kKid, *step, client, question.time_for_steps));
  }
}

Evaluation MakeEvaluation(const EvaluationDesk::Question& question, policy::PolicyReply reply) {
  Evaluation evaluation{.policy = std::string(question.policy->name()), .reply = std::move(reply)};
  Compile(question, evaluation);
  return evaluation;
}

}  // namespace

EvaluationDesk::EvaluationDesk(asio::io_context& loop, const ovpn::Clock& clock)
    : clock_(clock), timer_(loop, [this] { GiveUp(); }) {}

void EvaluationDesk::Ask(Question question, Done done) {
  policy::Policy& judge = *question.policy;
  if (!judge.ready()) {
    return done(MakeEvaluation(
        question, policy::FailureReply(ovpn::FailureCause::kUnavailable, "no replica is ready")));
  }
  if (!judge.takes_dry_runs()) {
    return done(absl::FailedPreconditionError(absl::StrCat(
        judge.name(),
        " did not switch on CAPABILITY_DRY_RUN, so it would take the question for a real login; "
        "switch it on there, or try a copy of the policy with `ovpn-policy-check`")));
  }
  if (open_.size() >= kMaxOpen) {
    return done(absl::ResourceExhaustedError(
        absl::StrCat("at most ", kMaxOpen, " described clients are asked about at once")));
  }
  const ovpn::SteadyTime deadline = clock_.Now() + question.timeout;
  const auto added = open_.emplace(ovpn::NewUuid7(clock_.WallNow()),
                                   OpenQuestion{std::move(question), deadline, std::move(done)});
  const ovpn::DecisionId& id = added.first->first;
  const Question& asked = added.first->second.question;
  Arm();
  judge.Ask(
      {.decision_id = id, .request = asked.request, .timeout = asked.timeout, .dry_run = true},
      [self = std::weak_ptr<EvaluationDesk*>(self_), id](policy::PolicyReply reply) {
        if (const auto desk = self.lock()) (*desk)->OnReply(id, std::move(reply));
      });
}

void EvaluationDesk::OnReply(const ovpn::DecisionId& id, policy::PolicyReply reply) {
  const auto found = open_.find(id);
  if (found == open_.end()) return;  // timed out, or a second reply
  // The policy may look at the question until it is told that nobody waits.
  const auto node = open_.extract(found);
  OpenQuestion& asked = node.mapped();
  if (std::holds_alternative<ovpn::PendingAuth>(reply.verdict)) {
    // It would wait for a client that is not there.
    asked.question.policy->Cancel(node.key(), policy::CancelReason::kClientGone);
  }
  asked.done(MakeEvaluation(asked.question, std::move(reply)));
  Arm();
}

void EvaluationDesk::GiveUp() {
  const ovpn::SteadyTime now = clock_.Now();
  for (auto next = open_.begin(); next != open_.end();) {
    const auto due = next++;
    if (due->second.deadline > now) continue;
    const auto node = open_.extract(due);
    OpenQuestion& asked = node.mapped();
    asked.question.policy->Cancel(node.key(), policy::CancelReason::kTimedOut);
    asked.done(MakeEvaluation(
        asked.question, policy::FailureReply(ovpn::FailureCause::kTimeout, "no verdict in time")));
  }
  Arm();
}

void EvaluationDesk::Arm() {
  std::optional<ovpn::SteadyTime> next;
  for (const auto& [id, asked] : open_) {
    next = std::min(next.value_or(asked.deadline), asked.deadline);
  }
  timer_.Arm(next);
}

}  // namespace ovpnbroker::server
