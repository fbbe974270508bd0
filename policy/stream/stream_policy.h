// A remote policy: a set of equal replicas behind the interface that the engine asks. Owned by the
// broker; loop thread only.
#pragma once

#include <asio/io_context.hpp>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "ovpn/base/log.h"
#include "policy/policy.h"
#include "policy/stream/replica_status.h"
#include "policy/stream/stream_options.h"

namespace ovpnbroker::policy {

class LiveStreams;
class ReplicaSet;

class StreamPolicy final : public Policy {
 public:
  // Dials every address and returns at once; ready() turns true when the first replica has greeted.
  // INVALID_ARGUMENT for addresses that are not usable, none or double. `loop`, `clock` and
  // `logger` outlive the policy.
  static absl::StatusOr<std::unique_ptr<StreamPolicy>> Create(asio::io_context& loop,
                                                              const ovpn::Clock& clock,
                                                              ovpn::Logger& logger,
                                                              StreamPolicyOptions options);
  // Cancels the streams and waits until gRPC is done with them (milliseconds; bounded). Decisions
  // that are open get no reply. Safe at any time on the loop thread, from inside a reply too.
  ~StreamPolicy() override;

  absl::string_view name() const override;
  void Ask(const Inquiry& inquiry, ReplyCallback reply) override;
  void Cancel(const ovpn::DecisionId& decision_id, CancelReason reason) override;
  void ReportOutcome(const ovpn::DecisionId& decision_id, const Outcome& outcome) override;
  bool ready() const override;
  // A replica that is ready has CAPABILITY_DRY_RUN on.
  bool takes_dry_runs() const override;

  // For a stop in good order: tells the replicas, takes nothing new, and ends each stream once
  // nothing is open on it. Run the loop until drained(), or for as long as there is patience, then
  // destroy.
  void Drain();
  // After Drain: every stream has ended.
  bool drained() const;

  // Takes one address out of service in good order, and back into it: what is open there finishes.
  // NOT_FOUND when the policy has no such address, or it is not drained.
  absl::Status DrainReplica(const std::string& address);
  absl::Status ResumeReplica(const std::string& address);

  std::vector<ReplicaStatus> Replicas() const;
  const StreamCounters& counters() const;
  // Decisions that wait for a replica with room.
  size_t queued() const;

 private:
  StreamPolicy(std::shared_ptr<ReplicaSet> replicas, std::shared_ptr<LiveStreams> live_streams);

  const std::shared_ptr<ReplicaSet> replicas_;
  const std::shared_ptr<LiveStreams> live_streams_;
};

}  // namespace ovpnbroker::policy
