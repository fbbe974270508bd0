// What is said on a stream: each message of the policy's, and what the broker sends besides Hello.
#include <algorithm>
#include <utility>

#include "policy/stream/outcome_codec.h"
#include "policy/stream/replica.h"
#include "policy/stream/request_wire.h"
#include "policy/stream/status_codec.h"

namespace ovpnbroker::policy {
namespace {

// Of the age: streams that began together do not end together.
constexpr double kAgeJitter = 0.1;

google::rpc::Status NotEnabled() {
  return MakeStatus(google::rpc::FAILED_PRECONDITION, kCapabilityNotEnabled,
                    "the capability for this message is not switched on");
}

}  // namespace

void Replica::OnMessage(const v1::StreamDecisionsResponse& message) {
  using Response = v1::StreamDecisionsResponse;
  const bool greeted = liveness_.has_value();
  if (greeted) liveness_->OnReceived(context_.clock.Now());
  if (message.message_case() == Response::MESSAGE_NOT_SET) {
    ++context_.counters.unknown_messages;
    return;
  }
  if (greeted == message.has_hello_ack()) {
    ++context_.counters.protocol_errors;
    Fail(greeted ? "protocol error: a second HelloAck"
                 : "protocol error: the first message was not HelloAck");
    return;
  }
  switch (message.message_case()) {
    case Response::kHelloAck:
      return OnHelloAck(message.hello_ack());
    case Response::kDecision:
      return OnDecision(message.decision());
    case Response::kDrain:
      return OnDrain(message.drain());
    case Response::kHeartbeat:
      return;
    case Response::kDeadlineExtension:
      return OnDeadlineExtension(message.deadline_extension());
    case Response::kEventAck:
      return OnEventAck(message.event_ack());
    case Response::kCommand:
      return OnCommand(message.command());
    case Response::MESSAGE_NOT_SET:
      return;
  }
}

void Replica::OnHelloAck(const v1::HelloAck& ack) {
  const ovpn::SteadyTime now = context_.clock.Now();
  terms_ = NegotiateTerms(context_.options, ack);
  policy_id_ = ack.policy_id();
  revision_ = ack.policy_revision();
  ready_time_ = now;
  failures_ = 0;
  last_error_.clear();
  state_deadline_.reset();
  const StreamTimings& timings = context_.options.timings;
  liveness_.emplace(timings.heartbeat_interval, timings.max_missed_heartbeats, now);
  if (timings.max_stream_age > ovpn::Duration::zero()) {
    const ovpn::Duration age = timings.max_stream_age;
    age_deadline_ =
        now + ovpn::Backoff({.initial = age, .maximum = age, .jitter = kAgeJitter}).Next();
  }
  Become(ReplicaState::kReady);
  context_.logger.Info("POLICY_STREAM_READY", "a policy replica takes decisions",
                       {{"policy", context_.options.name},
                        {"replica", address_},
                        {"policy_id", policy_id_},
                        {"revision", revision_},
                        {"max_in_flight", terms_.max_in_flight}});
  BeginEvents(ack);
  context_.listener.OnReplicaReady(*this);
}

void Replica::OnCommand(const v1::Command& command) {
  ++context_.counters.commands;
  if (!terms_.commands) {
    NoteNotEnabled("command");
    return SendCommandResult(command.command_id(),
                             MakeStatus(google::rpc::FAILED_PRECONDITION, kCapabilityNotEnabled,
                                        "CAPABILITY_COMMANDS is not switched on"));
  }
  context_.listener.OnCommand(*this, command,
                              [self = self_, generation = generation_,
                               id = command.command_id()](const google::rpc::Status& status) {
                                // On a new stream the policy asks again, under the same id.
                                if (*self != nullptr && (*self)->generation_ == generation)
                                  (*self)->SendCommandResult(id, status);
                              });
}

void Replica::SendCommandResult(const std::string& command_id, google::rpc::Status status) {
  v1::StreamDecisionsRequest message;
  message.mutable_command_result()->set_command_id(command_id);
  *message.mutable_command_result()->mutable_status() = std::move(status);
  Send(message);
}

void Replica::OnEventAck(const v1::EventAck& ack) {
  if (!feed_.has_value()) {
    NoteNotEnabled("event_ack");
    return Reject("event_ack", "", NotEnabled());
  }
  feed_->OnAck(ack.cursor());
}

void Replica::OnDecision(const v1::Decision& decision) {
  if (!decision.policy_revision().empty()) revision_ = decision.policy_revision();
  if (open_.erase(decision.decision_id()) + parked_.erase(decision.decision_id()) == 0) {
    ++context_.counters.late_verdicts;
    SendOutcome(decision.decision_id(),
                {OutcomeResult::kLate, "the decision is not open here", {}});
    return;
  }
  ++context_.counters.verdicts;
  const uint64_t generation = generation_;
  context_.listener.OnDecision(*this, decision);
  if (generation == generation_) CloseIfDrained();
}

void Replica::OnDeadlineExtension(const v1::DeadlineExtension& extension) {
  if (!terms_.deadline_extension) {
    NoteNotEnabled("deadline_extension");
    return Reject("deadline_extension", extension.decision_id(), NotEnabled());
  }
  absl::Status status = absl::NotFoundError("the decision is not open here");
  if (open_.contains(extension.decision_id())) {
    const ovpn::Duration timeout = std::chrono::seconds(extension.timeout().seconds()) +
                                   std::chrono::nanoseconds(extension.timeout().nanos());
    status = context_.listener.OnDeadlineExtension(*this, extension.decision_id(), timeout);
  }
  if (status.ok()) return;
  ++context_.counters.rejected_messages;
  Reject("deadline_extension", extension.decision_id(),
         MakeStatus(static_cast<google::rpc::Code>(status.raw_code()), "EXTENSION_REFUSED",
                    status.message()));
}

void Replica::OnDrain(const v1::Drain& drain) {
  if (state_ != ReplicaState::kReady) return;
  context_.logger.Info("POLICY_STREAM_DRAINING", "a policy replica takes no more decisions",
                       {{"policy", context_.options.name},
                        {"replica", address_},
                        {"reason", drain.reason()},
                        {"open_decisions", open_.size()}});
  Become(ReplicaState::kDraining);
  if (drain.has_grace_period()) {
    // Nothing open outlives a decision's timeout, so neither does the wait.
    const ovpn::Duration grace =
        std::clamp<ovpn::Duration>(std::chrono::seconds(drain.grace_period().seconds()) +
                                       std::chrono::nanoseconds(drain.grace_period().nanos()),
                                   ovpn::Duration::zero(), context_.options.decision_timeout);
    state_deadline_ = context_.clock.Now() + grace;
  }
  CloseIfDrained();
}

void Replica::Reject(absl::string_view message, const std::string& decision_id,
                     const google::rpc::Status& status) {
  v1::StreamDecisionsRequest answer;
  v1::MessageRejection& rejection = *answer.mutable_message_rejection();
  rejection.set_message(std::string(message));
  rejection.set_decision_id(decision_id);
  *rejection.mutable_status() = status;
  Send(answer);
}

void Replica::NoteNotEnabled(absl::string_view message) {
  ++context_.counters.rejected_messages;
  if (std::exchange(not_enabled_noted_, true)) return;
  context_.logger.Warning(
      "POLICY_CAPABILITY_NOT_ENABLED",
      "a policy sent a message that needs a capability which is not switched on",
      {{"policy", context_.options.name}, {"replica", address_}, {"message", message}});
}

bool Replica::SendRequest(const ovpn::DecisionId& decision_id, const grpc::ByteBuffer& message) {
  if (!SendBytes(message)) return false;
  parked_.erase(decision_id);
  open_.insert(decision_id);
  ++context_.counters.requests;
  circuit_.OnAsked(context_.clock.Now());
  return true;
}

void Replica::NoteAnswered() {
  if (!circuit_.OnAnswered()) return;
  context_.logger.Info("POLICY_CIRCUIT_CLOSED", "a policy replica answers again",
                       {{"policy", context_.options.name}, {"replica", address_}});
}

void Replica::NoteFailed() {
  if (!circuit_.OnFailed(context_.clock.Now())) return;
  ++context_.counters.circuits_opened;
  context_.logger.Warning("POLICY_CIRCUIT_OPENED",
                          "a policy replica does not answer; others are asked before it",
                          {{"policy", context_.options.name},
                           {"replica", address_},
                           {"failures", context_.options.circuit_failures}});
}

void Replica::SendCancellation(const ovpn::DecisionId& decision_id, CancelReason reason) {
  if (open_.erase(decision_id) + parked_.erase(decision_id) == 0) return;
  v1::StreamDecisionsRequest message;
  *message.mutable_decision_cancellation() = CancellationToProto(decision_id, reason);
  Send(message);
  CloseIfDrained();
  ArmTimer();
}

void Replica::SendOutcome(const ovpn::DecisionId& decision_id, const Outcome& outcome) {
  v1::StreamDecisionsRequest message;
  *message.mutable_decision_outcome() = OutcomeToProto(decision_id, outcome);
  Send(message);
}

bool Replica::Send(const v1::StreamDecisionsRequest& message) {
  return SendBytes(WriteMessage(message));
}

bool Replica::SendBytes(const grpc::ByteBuffer& message) {
  if (stream_ == nullptr || closing_ || overflowed_) return false;
  const ovpn::SteadyTime now = context_.clock.Now();
  if (!stream_->Send(message)) {
    // Not ended here: the caller may be in the middle of a decision that is open on this stream.
    overflowed_ = true;
    state_deadline_ = now;
    ArmTimer();
    return false;
  }
  if (!stall_check_time_.has_value()) {
    stall_check_time_ = now + context_.options.timings.write_stall_timeout;
    ArmTimer();
  }
  return true;
}

}  // namespace ovpnbroker::policy
