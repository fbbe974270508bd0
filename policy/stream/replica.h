// One address of a policy: dials it, greets it, watches that it lives, dials again when it is lost,
// and turns its messages into calls of a listener. Which decision goes where is ReplicaSet's
// business. Owned by a ReplicaSet; loop thread only.
//
//   BACKOFF --delay over--> CONNECTING --Hello written--> HANDSHAKING --HelloAck--> READY
//   READY --Drain, from either side--> DRAINING --nothing open--> half-close
//   any of them --stream ended, late or wrong--> BACKOFF (CLOSED when the broker drains)
#pragma once

#include <grpcpp/grpcpp.h>

#include <asio/io_context.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/container/flat_hash_set.h"
#include "ovpn/base/backoff.h"
#include "ovpn/base/clock.h"
#include "ovpn/base/deadline_timer.h"
#include "ovpn/base/log.h"
#include "ovpnbroker/policy/v1/policy_service.pb.h"
#include "policy/stream/circuit_breaker.h"
#include "policy/stream/event_feed.h"
#include "policy/stream/liveness.h"
#include "policy/stream/policy_stream.h"
#include "policy/stream/replica_listener.h"
#include "policy/stream/replica_status.h"
#include "policy/stream/request_codec.h"
#include "policy/stream/stream_options.h"

namespace ovpnbroker::policy {

class Replica {
 public:
  // What a policy's replicas share. All references outlive the replica.
  struct Context {
    asio::io_context& loop;
    const ovpn::Clock& clock;
    ovpn::Logger& logger;
    const StreamPolicyOptions& options;
    StreamCounters& counters;
    ReplicaListener& listener;
    std::shared_ptr<LiveStreams> live_streams;
    // Kept alive while an event is handled: a listener may let go of the policy.
    std::weak_ptr<void> owner;
  };

  // `server_name` is only kept for a successor, see ChannelFactory.
  Replica(Context context, std::string address, std::string server_name,
          std::shared_ptr<grpc::Channel> channel);
  ~Replica();
  Replica(const Replica&) = delete;
  Replica& operator=(const Replica&) = delete;

  // Dials; once.
  void Start();
  // Takes nothing new, ends the stream when nothing is open, and does not dial again. `reason` is
  // for the policy's log.
  void Drain(absl::string_view reason);
  // Cancels the stream and says nothing more to the listener.
  void Abandon();

  bool ready() const { return state_ == ReplicaState::kReady && !overflowed_; }
  bool full() const { return open_.size() >= static_cast<size_t>(terms_.max_in_flight); }
  // False while its circuit is open: others are asked first.
  bool trusted() const { return circuit_.allows(context_.clock.Now()); }
  // Was told to drain; comes back never.
  bool leaving() const { return draining_for_good_; }
  bool closed() const { return state_ == ReplicaState::kClosed; }
  size_t in_flight() const { return open_.size(); }
  const std::string& address() const { return address_; }
  const std::string& server_name() const { return server_name_; }
  // Of the replica's rules, as it said last.
  const std::string& revision() const { return revision_; }
  const StreamTerms& terms() const { return terms_; }
  ReplicaStatus Status() const;

  // Only when ready; `message` asks about the decision. False when it was not sent; the replica is
  // not ready any more then.
  bool SendRequest(const ovpn::DecisionId& decision_id, const grpc::ByteBuffer& message);
  // The decision waits for its client: it stays open here and takes no place in flight.
  void Park(const ovpn::DecisionId& decision_id) { parked_.insert(decision_id); }
  bool parked(const ovpn::DecisionId& decision_id) const { return parked_.contains(decision_id); }
  // Ignored when the decision is neither in flight nor parked here.
  void SendCancellation(const ovpn::DecisionId& decision_id, CancelReason reason);
  void SendOutcome(const ovpn::DecisionId& decision_id, const Outcome& outcome);
  // For the circuit: an answer came in time, or one did not come or was a failure.
  void NoteAnswered();
  void NoteFailed();

 private:
  // replica.cc: the stream's life
  void Dial();
  void OnMail(uint64_t generation);
  void OnEnd(const grpc::Status& status);
  void Fail(absl::string_view error);
  void CloseIfDrained();
  void OnDeadline();
  void ArmTimer();
  std::optional<ovpn::SteadyTime> NextDeadline() const;
  void Become(ReplicaState state);

  // replica_messages.cc: what is said on it
  void OnMessage(const v1::StreamDecisionsResponse& message);
  void OnHelloAck(const v1::HelloAck& ack);
  void OnDecision(const v1::Decision& decision);
  void OnDeadlineExtension(const v1::DeadlineExtension& extension);
  void OnDrain(const v1::Drain& drain);
  void OnCommand(const v1::Command& command);
  void SendCommandResult(const std::string& command_id, google::rpc::Status status);
  void OnEventAck(const v1::EventAck& ack);
  void Reject(absl::string_view message, const std::string& decision_id,
              const google::rpc::Status& status);
  void NoteNotEnabled(absl::string_view message);
  bool Send(const v1::StreamDecisionsRequest& message);
  bool SendBytes(const grpc::ByteBuffer& message);

  // replica_events.cc: session events
  void BeginEvents(const v1::HelloAck& ack);
  void EndEvents();
  void PlanEvents();
  void SendEvents();

  const Context context_;
  const std::string address_;
  const std::string server_name_;
  const std::shared_ptr<grpc::Channel> channel_;
  ovpn::Backoff backoff_;
  ovpn::DeadlineTimer timer_;
  // Events of a stream find out through it that the replica is gone. Read on the loop only.
  const std::shared_ptr<Replica*> self_;

  ReplicaState state_ = ReplicaState::kBackoff;
  ovpn::WallTime state_change_time_;
  std::shared_ptr<PolicyStream> stream_;
  uint64_t generation_ = 0;                       // moves when stream_ comes or goes
  absl::flat_hash_set<ovpn::DecisionId> open_;    // in flight
  absl::flat_hash_set<ovpn::DecisionId> parked_;  // a further step was put to their clients
  StreamTerms terms_;
  std::optional<EventFeed> feed_;  // from READY to the end, with CAPABILITY_SESSION_EVENTS
  SessionJournal::Subscription journal_subscription_;
  bool events_planned_ = false;       // SendEvents comes in a later turn of the loop
  std::optional<Liveness> liveness_;  // from READY to the end
  std::string policy_id_;
  std::string revision_;
  std::string last_error_;  // of the current or the last stream
  ovpn::SteadyTime ready_time_;
  CircuitBreaker circuit_;
  // The one thing that the state waits for: next dial, HelloAck, end of a drain, end of a close.
  std::optional<ovpn::SteadyTime> state_deadline_;
  std::optional<ovpn::SteadyTime> stall_check_time_;
  std::optional<ovpn::SteadyTime> age_deadline_;  // while READY
  int failures_ = 0;                              // streams in a row that never became READY
  bool draining_for_good_ = false;
  bool closing_ = false;     // half-closed; waits for the end
  bool overflowed_ = false;  // the write queue was full: the stream ends in the next loop turn
  bool not_enabled_noted_ = false;  // once a stream
};

}  // namespace ovpnbroker::policy
