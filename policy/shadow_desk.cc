#include "policy/shadow_desk.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "policy/gate_policy.h"

namespace ovpnbroker::policy {

// What the enforcing policy was asked and said; shared by its comparisons.
struct ShadowDesk::Question {
  ovpn::DecisionId id;
  ovpn::AuthRequest request;  // without password and challenge answer
  std::string policy;
  ovpn::Verdict verdict;
};

struct ShadowDesk::Candidate {
  std::shared_ptr<Policy> policy;
  ShadowSummary counts;
};

// Asked, without verdict yet.
struct ShadowDesk::Comparison {
  Candidate* candidate;
  std::shared_ptr<const Question> question;
  ovpn::SteadyTime deadline;
};

ShadowDesk::ShadowDesk(const ovpn::Clock& clock, ShadowLimits limits, std::function<void()> wake)
    : clock_(clock),
      limits_(limits),
      wake_(std::move(wake)),
      self_(std::make_shared<ShadowDesk*>(this)) {}

ShadowDesk::~ShadowDesk() { Stop(); }

void ShadowDesk::Stop() {
  by_instance_.clear();
  waiting_.clear();
  for (const auto& [number, comparison] : std::exchange(open_, {})) {
    --comparison.candidate->counts.in_flight;
    comparison.candidate->policy->Cancel(comparison.question->id, CancelReason::kInstanceStopped);
  }
}

ShadowDesk::Candidate& ShadowDesk::CandidateOf(const std::shared_ptr<Policy>& policy) {
  for (const auto& candidate : candidates_) {
    if (candidate->policy == policy) return *candidate;
    // The same candidate, dialled anew after a reload: its counts go on.
    if (candidate->counts.policy == policy->name()) {
      candidate->policy = policy;
      return *candidate;
    }
  }
  candidates_.push_back(std::make_unique<Candidate>(Candidate{policy, {}}));
  candidates_.back()->counts.policy = std::string(policy->name());
  return *candidates_.back();
}

void ShadowDesk::Assign(const std::string& instance,
                        const std::vector<std::shared_ptr<Policy>>& candidates) {
  std::vector<Candidate*>& assigned = by_instance_[instance];
  assigned.clear();
  for (const std::shared_ptr<Policy>& policy : candidates) {
    assigned.push_back(&CandidateOf(policy));
  }
}

void ShadowDesk::OnJudged(const JudgedRequest& judged) {
  if (IsGate(judged.policy)) return;
  const auto found = by_instance_.find(judged.request.key.client.instance);
  if (found == by_instance_.end() || found->second.empty()) return;
  // Without a verdict there is nothing to compare with, and without its answer a challenge response
  // cannot be judged.
  if (std::holds_alternative<ovpn::Failure>(judged.verdict)) return;
  if (judged.request.kind == ovpn::AuthKind::kChallengeResponse) return;

  std::shared_ptr<const Question> question;
  for (Candidate* candidate : found->second) {
    if (waiting_.size() >= limits_.max_waiting) {
      ++candidate->counts.dropped;
      continue;
    }
    if (question == nullptr) {
      auto copy = std::make_shared<Question>();
      copy->id = judged.id;
      copy->request.kind = judged.request.kind;
      copy->request.key = judged.request.key;
      copy->request.session = judged.request.session;
      copy->request.environment = judged.request.environment;
      copy->request.token_state = judged.request.token_state;
      copy->request.receive_time = judged.request.receive_time;
      copy->policy = std::string(judged.policy);
      copy->verdict = judged.verdict;
      question = std::move(copy);
    }
    waiting_.emplace_back(candidate, question);
  }
  Wake();
}

void ShadowDesk::Wake() {
  if (!waiting_.empty() && !std::exchange(woken_, true)) wake_();
}

void ShadowDesk::Pump() {
  woken_ = false;
  if (waiting_.empty()) return;
  const auto [candidate, question] = std::move(waiting_.front());
  waiting_.pop_front();
  Ask(*candidate, question);
  Wake();
}

void ShadowDesk::Ask(Candidate& candidate, const std::shared_ptr<const Question>& question) {
  if (candidate.counts.in_flight >= limits_.max_in_flight) {
    ++candidate.counts.dropped;
    return;
  }
  if (!candidate.policy->ready()) {
    ++candidate.counts.failed;
    return;
  }
  const uint64_t number = ++last_comparison_;
  ++candidate.counts.in_flight;
  open_.emplace(number, Comparison{&candidate, question, clock_.Now() + limits_.timeout});
  const Inquiry inquiry{.decision_id = question->id,
                        .attempt = 1,
                        .request = question->request,
                        .timeout = limits_.timeout};
  const std::weak_ptr<ShadowDesk*> self = self_;
  try {
    candidate.policy->Ask(inquiry, [self, number](const PolicyReply& reply) {
      if (const auto desk = self.lock()) (*desk)->OnReply(number, reply);
    });
  } catch (const std::exception& error) {
    OnReply(number, FailureReply(ovpn::FailureCause::kPolicyFailed, error.what()));
  }
}

void ShadowDesk::OnReply(uint64_t number, const PolicyReply& reply) {
  const auto found = open_.find(number);
  if (found == open_.end()) return;  // timed out, or a second reply
  const Comparison comparison = std::move(found->second);
  open_.erase(found);
  --comparison.candidate->counts.in_flight;
  if (std::holds_alternative<ovpn::PendingAuth>(reply.verdict)) {
    // Its decision would stay open for a client's answer that it never gets.
    comparison.candidate->policy->Cancel(comparison.question->id, CancelReason::kTimedOut);
  }
  Compare(comparison, reply);
}

void ShadowDesk::Compare(const Comparison& comparison, const PolicyReply& reply) {
  ShadowSummary& counts = comparison.candidate->counts;
  const Question& question = *comparison.question;
  if (std::holds_alternative<ovpn::Failure>(reply.verdict)) {
    ++counts.failed;
    return;
  }
  // OpenVPN ignores what an allow gives at REAUTH.
  const bool same_allow = question.request.kind == ovpn::AuthKind::kReauth &&
                          std::holds_alternative<ovpn::Allow>(question.verdict) &&
                          std::holds_alternative<ovpn::Allow>(reply.verdict);
  std::vector<FieldDifference> fields;
  if (!same_allow) fields = DiffVerdicts(question.verdict, reply.verdict);
  if (fields.empty()) {
    ++counts.agreed;
    return;
  }
  ++counts.differed;
  const ovpn::Session& session = question.request.session;
  differences_.push_back({counts.policy, reply.policy_revision, question.policy, question.id,
                          question.request.kind, session.client.instance, session.uid,
                          session.identity->common_name, session.identity->username,
                          question.request.receive_time, std::move(fields)});
  ++last_difference_;
  if (differences_.size() > limits_.max_differences) differences_.pop_front();
}

std::optional<ovpn::SteadyTime> ShadowDesk::NextDeadline() const {
  if (open_.empty()) return std::nullopt;
  return open_.begin()->second.deadline;
}

void ShadowDesk::OnDeadline() {
  while (!open_.empty() && open_.begin()->second.deadline <= clock_.Now()) {
    const Comparison comparison = std::move(open_.begin()->second);
    open_.erase(open_.begin());
    --comparison.candidate->counts.in_flight;
    ++comparison.candidate->counts.timed_out;
    comparison.candidate->policy->Cancel(comparison.question->id, CancelReason::kTimedOut);
  }
}

std::vector<ShadowSummary> ShadowDesk::Summaries() const {
  std::vector<ShadowSummary> summaries;
  for (const auto& candidate : candidates_) {
    summaries.push_back(candidate->counts);
    summaries.back().ready = candidate->policy->ready();
  }
  return summaries;
}

bool ShadowDesk::IsCandidate(absl::string_view policy) const {
  return std::any_of(candidates_.begin(), candidates_.end(), [policy](const auto& candidate) {
    return candidate->counts.policy == policy;
  });
}

void ShadowDesk::Visit(
    uint64_t before,
    const std::function<bool(uint64_t number, const ShadowDifference&)>& visit) const {
  uint64_t number = last_difference_;
  for (auto it = differences_.rbegin(); it != differences_.rend(); ++it, --number) {
    if (before != 0 && number >= before) continue;
    if (!visit(number, *it)) return;
  }
}

}  // namespace ovpnbroker::policy
