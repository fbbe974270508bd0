// Puts recorded questions to a policy, a number of them at a time, and compares its verdicts, and
// the client-auth blocks that would come of them, with the recorded ones. A state machine on a
// Clock; single-threaded, on the thread of the policy.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ovpn/base/clock.h"
#include "ovpn/management/directive_policy.h"
#include "ovpnbroker/admin/v1/recording_service.pb.h"
#include "policy/policy.h"
#include "policy/verdict_diff.h"

namespace ovpnbroker::server {

struct ReplayOptions {
  size_t concurrency = 64;
  ovpn::Duration timeout = std::chrono::seconds(5);  // of one verdict
  ovpn::DirectivePolicy allowed_raw = {};
};

struct ReplayDifference {
  size_t index = 0;  // in the recording, from 0
  std::vector<policy::FieldDifference> fields;
  // Lines of the block that only one of the two has.
  std::vector<std::string> lines_gone;
  std::vector<std::string> lines_new;
  // Why there is no verdict to compare with; empty when there is.
  std::string failure;
};

struct ReplayReport {
  size_t asked = 0;
  size_t same = 0;
  size_t failed = 0;                          // no verdict, or one that the broker would refuse
  std::vector<ReplayDifference> differences;  // the failed ones too; in the recording's order
  std::vector<ovpn::Duration> latencies;      // of verdicts, ascending
  ovpn::Duration elapsed{};
};

class Replayer {
 public:
  using Recording = std::vector<admin::v1::RecordedDecision>;

  // All of them outlive this. `done` is called once, from inside Start, a reply or OnDeadline.
  Replayer(const ovpn::Clock& clock, policy::Policy& policy, const Recording& recording,
           ReplayOptions options, std::function<void()> done);
  ~Replayer();

  void Start();
  std::optional<ovpn::SteadyTime> NextDeadline() const;
  void OnDeadline();

  // Complete once `done` was called.
  const ReplayReport& report() const { return report_; }

 private:
  struct Question;

  void Pump();
  void Ask(size_t index);
  void OnReply(size_t index, const policy::PolicyReply& reply);
  void Compare(const Question& question, const ovpn::Verdict& verdict);
  void Finish();

  const ovpn::Clock& clock_;
  policy::Policy& policy_;
  const Recording& recording_;
  const ReplayOptions options_;
  std::function<void()> done_;
  ovpn::SteadyTime start_;
  size_t next_ = 0;
  bool pumping_ = false;
  std::map<size_t, std::unique_ptr<Question>> open_;  // by index: the oldest deadline first
  ReplayReport report_;
  // Replies may come after this is gone.
  const std::shared_ptr<Replayer*> self_;
};

}  // namespace ovpnbroker::server
