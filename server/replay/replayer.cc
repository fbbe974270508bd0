#include "server/replay/replayer.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "ovpn/base/ids.h"
#include "ovpn/management/client_auth_block.h"
#include "ovpn/types/auth_request.h"
#include "policy/stream/verdict_codec.h"
#include "server/replay/recorded_request.h"
#include "server/replay/redact_verdict.h"

namespace ovpnbroker::server {
namespace {

// A recorded verdict was read once already: nothing in it needs a capability.
ovpn::Verdict RecordedVerdict(const admin::v1::RecordedDecision& recorded) {
  policy::StreamTerms terms;
  terms.raw_directives = true;
  terms.pending_auth = true;
  return policy::VerdictFromProto(recorded.decision(), terms);
}

std::vector<std::string> BlockOf(const ovpn::Verdict& verdict,
                                 const ovpn::DirectivePolicy& allowed_raw) {
  const auto* allow = std::get_if<ovpn::Allow>(&verdict);
  if (allow == nullptr) return {};
  const auto block = ovpn::ClientAuthBlock::Compile(allow->config, allowed_raw);
  return block.ok() ? block.value().lines() : std::vector<std::string>();
}

// Why the broker would refuse the verdict; empty when it would not.
std::string Refusal(const ovpn::Verdict& verdict, const ovpn::DirectivePolicy& allowed_raw) {
  const auto* allow = std::get_if<ovpn::Allow>(&verdict);
  if (allow == nullptr) return "";
  const auto block = ovpn::ClientAuthBlock::Compile(allow->config, allowed_raw);
  if (block.ok()) return "";
  const ovpn::FieldViolation& first = block.violations().front();
  return absl::StrCat("the broker would refuse it: ", first.field, ": ", first.description);
}

// The elements of `a` that `b` lacks, as often as it lacks them, in their order.
std::vector<std::string> Without(const std::vector<std::string>& a, std::vector<std::string> b) {
  std::vector<std::string> rest;
  for (const std::string& line : a) {
    const auto found = std::find(b.begin(), b.end(), line);
    if (found == b.end()) {
      rest.push_back(line);
    } else {
      b.erase(found);
    }
  }
  return rest;
}

}  // namespace

struct Replayer::Question {
  size_t index;
  ovpn::DecisionId id;
  ovpn::AuthRequest request;
  ovpn::SteadyTime asked;
};

Replayer::Replayer(const ovpn::Clock& clock, policy::Policy& policy, const Recording& recording,
                   ReplayOptions options, std::function<void()> done)
    : clock_(clock),
      policy_(policy),
      recording_(recording),
      options_(std::move(options)),
      done_(std::move(done)),
      self_(std::make_shared<Replayer*>(this)) {}

Replayer::~Replayer() = default;

void Replayer::Start() {
  start_ = clock_.Now();
  Pump();
}

void Replayer::Pump() {
  // A policy may reply from inside Ask; the loop below then goes on by itself.
  if (std::exchange(pumping_, true)) return;
  while (next_ < recording_.size() && open_.size() < options_.concurrency) Ask(next_++);
  pumping_ = false;
  if (next_ == recording_.size() && open_.empty()) Finish();
}

void Replayer::Ask(size_t index) {
  auto question = std::make_unique<Question>();
  question->index = index;
  // A fresh id: the policy may remember what it said under the recorded one.
  question->id = ovpn::NewUuid7(clock_.WallNow());
  question->request = RequestFromProto(recording_[index].request());
  question->asked = clock_.Now();
  const Question& asked = *question;
  open_.emplace(index, std::move(question));
  ++report_.asked;
  const policy::Inquiry inquiry{
      .decision_id = asked.id, .request = asked.request, .timeout = options_.timeout};
  const std::weak_ptr<Replayer*> self = self_;
  policy_.Ask(inquiry, [self, index](const policy::PolicyReply& reply) {
    if (const auto replayer = self.lock()) (*replayer)->OnReply(index, reply);
  });
}

void Replayer::OnReply(size_t index, const policy::PolicyReply& reply) {
  const auto found = open_.find(index);
  if (found == open_.end()) return;  // timed out, or a second reply
  const std::unique_ptr<Question> question = std::move(found->second);
  open_.erase(found);
  if (std::holds_alternative<ovpn::PendingAuth>(reply.verdict)) {
    // Its decision would stay open for an answer that nobody gives.
    policy_.Cancel(question->id, policy::CancelReason::kTimedOut);
  }
  Compare(*question, reply.verdict);
  Pump();
}

void Replayer::Compare(const Question& question, const ovpn::Verdict& verdict) {
  ReplayDifference difference;
  difference.index = question.index;
  if (const auto* failure = std::get_if<ovpn::Failure>(&verdict)) {
    difference.failure = absl::StrCat(ToString(failure->cause), ": ", failure->detail);
  } else {
    report_.latencies.push_back(clock_.Now() - question.asked);
    difference.failure = Refusal(verdict, options_.allowed_raw);
  }
  if (!difference.failure.empty()) {
    ++report_.failed;
    report_.differences.push_back(std::move(difference));
    return;
  }
  const ovpn::Verdict before = RedactVerdict(RecordedVerdict(recording_[question.index]));
  const ovpn::Verdict after = RedactVerdict(verdict);
  // OpenVPN ignores what an allow gives at REAUTH.
  const bool same_allow = question.request.kind == ovpn::AuthKind::kReauth &&
                          std::holds_alternative<ovpn::Allow>(before) &&
                          std::holds_alternative<ovpn::Allow>(after);
  if (!same_allow) {
    difference.fields = policy::DiffVerdicts(before, after);
    const std::vector<std::string> old_lines = BlockOf(before, options_.allowed_raw);
    const std::vector<std::string> new_lines = BlockOf(after, options_.allowed_raw);
    difference.lines_gone = Without(old_lines, new_lines);
    difference.lines_new = Without(new_lines, old_lines);
  }
  if (difference.fields.empty()) {
    ++report_.same;
  } else {
    report_.differences.push_back(std::move(difference));
  }
}

std::optional<ovpn::SteadyTime> Replayer::NextDeadline() const {
  if (open_.empty()) return std::nullopt;
  return open_.begin()->second->asked + options_.timeout;
}

void Replayer::OnDeadline() {
  while (!open_.empty() && open_.begin()->second->asked + options_.timeout <= clock_.Now()) {
    const std::unique_ptr<Question> question = std::move(open_.begin()->second);
    open_.erase(open_.begin());
    policy_.Cancel(question->id, policy::CancelReason::kTimedOut);
    Compare(*question, ovpn::Failure{ovpn::FailureCause::kTimeout, "no verdict in time", {}});
  }
  Pump();
}

void Replayer::Finish() {
  if (done_ == nullptr) return;
  report_.elapsed = clock_.Now() - start_;
  std::sort(report_.latencies.begin(), report_.latencies.end());
  std::sort(report_.differences.begin(), report_.differences.end(),
            [](const auto& a, const auto& b) { return a.index < b.index; });
  std::exchange(done_, nullptr)();
}

}  // namespace ovpnbroker::server
