// Shadow policies: candidates that are asked what the enforcing policy was asked, after its answer
// was given, and whose verdicts are only compared. They never see a password, and nothing here can
// delay or change a decision: a candidate that is slow or absent costs its own comparisons. A state
// machine on a Clock; whoever owns it calls Pump in a later loop turn for each wake. Owned by the
// broker; loop thread only.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "ovpn/base/clock.h"
#include "policy/decision_record.h"
#include "policy/policy.h"
#include "policy/verdict_diff.h"

namespace ovpnbroker::policy {

struct ShadowLimits {
  size_t max_waiting = 1024;     // comparisons that were not asked yet, of all candidates together
  size_t max_in_flight = 256;    // of one candidate
  size_t max_differences = 512;  // kept, of all candidates together
  ovpn::Duration timeout = std::chrono::seconds(5);  // from Ask to the verdict
};

// Each comparison counts once.
struct ShadowSummary {
  std::string policy;
  bool ready = false;
  size_t in_flight = 0;
  uint64_t agreed = 0;
  uint64_t differed = 0;
  uint64_t failed = 0;     // the candidate gave no verdict, or an invalid one
  uint64_t timed_out = 0;  // it gave none in time
  uint64_t dropped = 0;    // it was not asked: too many wait for it
};

struct ShadowDifference {
  std::string candidate;
  std::string candidate_revision;
  std::string enforcing_policy;
  ovpn::DecisionId decision_id;
  ovpn::AuthKind kind = ovpn::AuthKind::kConnect;
  std::string instance;
  ovpn::SessionUid session_uid;
  std::string common_name;
  std::string username;
  ovpn::WallTime receive_time;
  std::vector<FieldDifference> fields;  // never empty
};

class ShadowDesk final : public DecisionObserver {
 public:
  // `wake` asks for a Pump in a later loop turn. `clock` outlives this.
  ShadowDesk(const ovpn::Clock& clock, ShadowLimits limits, std::function<void()> wake);
  ~ShadowDesk() override;
  ShadowDesk(const ShadowDesk&) = delete;
  ShadowDesk& operator=(const ShadowDesk&) = delete;

  // The candidates of one instance, instead of those before; none is null.
  void Assign(const std::string& instance, const std::vector<std::shared_ptr<Policy>>& candidates);

  void OnDecisionRecord(const DecisionRecord& /*record*/) override {}
  // Puts the question into the queue of each candidate; asks nobody yet.
  void OnJudged(const JudgedRequest& judged) override;

  // Asks one candidate about one question, and wakes again while there is more.
  void Pump();
  std::optional<ovpn::SteadyTime> NextDeadline() const;
  // Gives up comparisons that are due. Early calls do nothing.
  void OnDeadline();

  // Cancels what is open and asks nobody any more.
  void Stop();

  // In the order in which the candidates were assigned first.
  std::vector<ShadowSummary> Summaries() const;
  bool IsCandidate(absl::string_view policy) const;
  // The newest first, until `visit` returns false. `before` and numbers as in DecisionHistory.
  void Visit(uint64_t before,
             const std::function<bool(uint64_t number, const ShadowDifference&)>& visit) const;

 private:
  struct Question;
  struct Candidate;
  struct Comparison;

  Candidate& CandidateOf(const std::shared_ptr<Policy>& policy);
  void Ask(Candidate& candidate, const std::shared_ptr<const Question>& question);
  void OnReply(uint64_t number, const PolicyReply& reply);
  void Compare(const Comparison& comparison, const PolicyReply& reply);
  void Wake();

  const ovpn::Clock& clock_;
  const ShadowLimits limits_;
  const std::function<void()> wake_;
  bool woken_ = false;
  std::vector<std::unique_ptr<Candidate>> candidates_;
  absl::flat_hash_map<std::string, std::vector<Candidate*>> by_instance_;
  std::deque<std::pair<Candidate*, std::shared_ptr<const Question>>> waiting_;
  uint64_t last_comparison_ = 0;
  std::map<uint64_t, Comparison> open_;  // the oldest, due first, first
  uint64_t last_difference_ = 0;         // number of differences_.back()
  std::deque<ShadowDifference> differences_;
  // Replies find out through a weak pointer that the desk is gone.
  std::shared_ptr<ShadowDesk*> self_;
};

}  // namespace ovpnbroker::policy
