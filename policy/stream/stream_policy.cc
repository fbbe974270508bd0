#include "policy/stream/stream_policy.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "ovpn/base/status_macros.h"
#include "policy/stream/live_streams.h"
#include "policy/stream/replica_set.h"

namespace ovpnbroker::policy {
namespace {

// A cancelled call ends within milliseconds; this only bounds the harm of one that does not.
// Nothing refers to the policy or the loop by then, so going on is safe.
constexpr ovpn::Duration kCancelTimeout = std::chrono::seconds(2);

absl::Status CheckAddresses(std::vector<std::string> addresses) {
  if (addresses.empty()) return absl::InvalidArgumentError("a policy needs at least one address");
  std::sort(addresses.begin(), addresses.end());
  const auto twice = std::adjacent_find(addresses.begin(), addresses.end());
  if (twice == addresses.end()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("address ", *twice, " is given twice"));
}

}  // namespace

absl::StatusOr<std::unique_ptr<StreamPolicy>> StreamPolicy::Create(asio::io_context& loop,
                                                                   const ovpn::Clock& clock,
                                                                   ovpn::Logger& logger,
                                                                   StreamPolicyOptions options) {
  RETURN_IF_ERROR(CheckAddresses(options.addresses));
  const auto live_streams = std::make_shared<LiveStreams>();
  const auto replicas =
      std::make_shared<ReplicaSet>(loop, clock, logger, std::move(options), live_streams);
  RETURN_IF_ERROR(replicas->Start());
  return std::unique_ptr<StreamPolicy>(new StreamPolicy(replicas, live_streams));
}

StreamPolicy::StreamPolicy(std::shared_ptr<ReplicaSet> replicas,
                           std::shared_ptr<LiveStreams> live_streams)
    : replicas_(std::move(replicas)), live_streams_(std::move(live_streams)) {}

StreamPolicy::~StreamPolicy() {
  replicas_->Close();
  live_streams_->WaitUntilNone(kCancelTimeout);
}

absl::string_view StreamPolicy::name() const { return replicas_->options().name; }

void StreamPolicy::Ask(const Inquiry& inquiry, ReplyCallback reply) {
  replicas_->Ask(inquiry, std::move(reply));
}

void StreamPolicy::Cancel(const ovpn::DecisionId& decision_id, CancelReason reason) {
  replicas_->Cancel(decision_id, reason);
}

void StreamPolicy::ReportOutcome(const ovpn::DecisionId& decision_id, const Outcome& outcome) {
  replicas_->ReportOutcome(decision_id, outcome);
}

bool StreamPolicy::ready() const { return replicas_->ready(); }

bool StreamPolicy::takes_dry_runs() const { return replicas_->takes_dry_runs(); }

void StreamPolicy::Drain() { replicas_->Drain(); }

bool StreamPolicy::drained() const {
  const std::vector<ReplicaStatus> replicas = replicas_->Replicas();
  return std::all_of(replicas.begin(), replicas.end(), [](const ReplicaStatus& replica) {
    return replica.state == ReplicaState::kClosed;
  });
}

absl::Status StreamPolicy::DrainReplica(const std::string& address) {
  return replicas_->DrainReplica(address);
}

absl::Status StreamPolicy::ResumeReplica(const std::string& address) {
  return replicas_->ResumeReplica(address);
}

std::vector<ReplicaStatus> StreamPolicy::Replicas() const { return replicas_->Replicas(); }

const StreamCounters& StreamPolicy::counters() const { return replicas_->counters(); }

size_t StreamPolicy::queued() const { return replicas_->queued(); }

}  // namespace ovpnbroker::policy
