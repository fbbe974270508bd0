// The stream's life: dial, handshake timer, liveness, drain, loss, backoff.
#include "policy/stream/replica.h"

#include <google/protobuf/util/time_util.h>

#include <algorithm>
#include <asio/post.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "ovpn/base/utf8.h"
#include "policy/stream/request_wire.h"

namespace ovpnbroker::policy {
namespace {

constexpr double kFullJitter = 1.0;
constexpr absl::string_view kStoppedReading = "the policy has stopped reading";

}  // namespace

absl::string_view ToString(ReplicaState state) {
  switch (state) {
    case ReplicaState::kBackoff:
      return "BACKOFF";
    case ReplicaState::kConnecting:
      return "CONNECTING";
    case ReplicaState::kHandshaking:
      return "HANDSHAKING";
    case ReplicaState::kReady:
      return "READY";
    case ReplicaState::kDraining:
      return "DRAINING";
    case ReplicaState::kClosed:
      return "CLOSED";
  }
  return "UNKNOWN";
}

Replica::Replica(Context context, std::string address, std::string server_name,
                 std::shared_ptr<grpc::Channel> channel)
    : context_(std::move(context)),
      address_(std::move(address)),
      server_name_(std::move(server_name)),
      channel_(std::move(channel)),
      backoff_({.initial = context_.options.timings.initial_backoff,
                .maximum = context_.options.timings.max_backoff,
                .jitter = kFullJitter}),
      timer_(context_.loop,
             [this] {
               const std::shared_ptr<void> keep_alive = context_.owner.lock();
               OnDeadline();
             }),
      self_(std::make_shared<Replica*>(this)),
      state_change_time_(context_.clock.WallNow()),
      circuit_(context_.options.circuit_failures, context_.options.circuit_open_time) {}

// What Abandon calls allocates nothing that could fail but for memory, which ends the process
// anyway. NOLINTNEXTLINE(bugprone-exception-escape)
Replica::~Replica() {
  Abandon();
  *self_ = nullptr;
}

void Replica::Start() { Dial(); }

void Replica::Dial() {
  ++generation_;
  terms_ = StreamTerms();
  not_enabled_noted_ = false;
  closing_ = false;
  overflowed_ = false;
  // Our own backoff has paced this dial; the channel's would only add to it.
  grpc::experimental::ChannelResetConnectionBackoff(channel_.get());
  v1::StreamDecisionsRequest hello;
  *hello.mutable_hello() = MakeHello(context_.options);
  stream_ = PolicyStream::Open(
      channel_, WriteMessage(hello),
      [&loop = context_.loop, self = self_, generation = generation_] {
        asio::post(loop, [self, generation] {
          if (*self != nullptr) (*self)->OnMail(generation);
        });
      },
      context_.live_streams);
  Become(ReplicaState::kConnecting);
  state_deadline_ = context_.clock.Now() + context_.options.timings.handshake_timeout;
  ArmTimer();
}

void Replica::OnMail(uint64_t generation) {
  const std::shared_ptr<void> keep_alive = context_.owner.lock();
  if (generation != generation_ || stream_ == nullptr) return;
  const PolicyStream::Mail mail = stream_->TakeMail();
  if (mail.connected && state_ == ReplicaState::kConnecting) Become(ReplicaState::kHandshaking);
  for (const v1::StreamDecisionsResponse& message : mail.messages) {
    OnMessage(message);
    // The message may have ended this stream, or the whole policy.
    if (generation != generation_ || stream_ == nullptr) return;
  }
  if (mail.events_sent) PlanEvents();
  if (mail.end.has_value()) {
    OnEnd(*mail.end);
  } else {
    ArmTimer();
  }
}

void Replica::OnEnd(const grpc::Status& status) {
  if (closing_) return Fail(last_error_);
  Fail(status.ok()
           ? "the policy closed the stream"
           : absl::StrCat("the stream ended: ", ovpn::ReplaceInvalidUtf8(status.error_message()),
                          " (gRPC status ", status.error_code(), ")"));
}

// The stream is of no use any more: cancels it, tells the listener, plans the next dial.
void Replica::Fail(absl::string_view error) {
  const bool was_ready = liveness_.has_value();
  const bool expected = closing_ || draining_for_good_;
  const ovpn::SteadyTime now = context_.clock.Now();
  last_error_ = std::string(error);
  ++generation_;
  liveness_.reset();
  EndEvents();
  stall_check_time_.reset();
  age_deadline_.reset();
  if (stream_ != nullptr) {
    stream_->Detach();
    stream_->Cancel();
    stream_.reset();
  }
  if (was_ready) {
    failures_ = 0;
    if (!expected) ++context_.counters.streams_lost;
    if (now - ready_time_ >= context_.options.timings.backoff_reset_after) backoff_.Reset();
  } else {
    ++failures_;
    ++context_.counters.failed_dials;
  }
  if (draining_for_good_) {
    Become(ReplicaState::kClosed);
    state_deadline_.reset();
  } else {
    Become(ReplicaState::kBackoff);
    state_deadline_ = now + backoff_.Next();
  }
  ArmTimer();

  const ovpn::LogField policy("policy", context_.options.name);
  const ovpn::LogField replica("replica", address_);
  const ovpn::LogField reason("error", last_error_);
  if (expected) {
    context_.logger.Info("POLICY_STREAM_CLOSED", "the stream to a policy replica was closed",
                         {policy, replica, reason});
  } else if (was_ready) {
    context_.logger.Warning(
        "POLICY_STREAM_LOST", "the stream to a policy replica was lost",
        {policy, replica, reason, {"open_decisions", open_.size() + parked_.size()}});
  } else if (failures_ == 1) {
    context_.logger.Warning("POLICY_STREAM_UNREACHABLE",
                            "no stream to a policy replica; the broker keeps trying",
                            {policy, replica, reason});
  } else {
    context_.logger.Debug("POLICY_STREAM_RETRY", "still no stream to a policy replica",
                          {policy, replica, reason, {"failures", failures_}});
  }
  absl::flat_hash_set<ovpn::DecisionId> open = std::exchange(open_, {});
  open.merge(std::exchange(parked_, {}));
  context_.listener.OnReplicaLost(*this, open);
}

void Replica::Drain(absl::string_view reason) {
  if (draining_for_good_) return;
  draining_for_good_ = true;
  if (state_ == ReplicaState::kReady || state_ == ReplicaState::kDraining) {
    v1::StreamDecisionsRequest message;
    message.mutable_drain()->set_reason(std::string(reason));
    // Nothing open outlives a decision's timeout, so neither does the wait.
    const ovpn::Duration grace = context_.options.decision_timeout;
    *message.mutable_drain()->mutable_grace_period() =
        google::protobuf::util::TimeUtil::NanosecondsToDuration(
            std::chrono::duration_cast<std::chrono::nanoseconds>(grace).count());
    Send(message);
    const ovpn::SteadyTime end = context_.clock.Now() + grace;
    if (state_ == ReplicaState::kReady) Become(ReplicaState::kDraining);
    if (!closing_) state_deadline_ = std::min(state_deadline_.value_or(end), end);
    CloseIfDrained();
    ArmTimer();
  } else if (state_ != ReplicaState::kClosed) {
    Abandon();
    Become(ReplicaState::kClosed);
  }
}

void Replica::CloseIfDrained() {
  if (state_ != ReplicaState::kDraining || closing_ || !open_.empty() || !parked_.empty()) return;
  closing_ = true;
  last_error_ = "drained";
  stream_->HalfClose();
  state_deadline_ = context_.clock.Now() + context_.options.timings.close_timeout;
}

void Replica::Abandon() {
  ++generation_;
  liveness_.reset();
  EndEvents();
  stall_check_time_.reset();
  age_deadline_.reset();
  state_deadline_.reset();
  open_.clear();
  parked_.clear();
  timer_.Arm(std::nullopt);
  if (stream_ == nullptr) return;
  stream_->Detach();
  stream_->Cancel();
  stream_.reset();
}

void Replica::OnDeadline() {
  const ovpn::SteadyTime now = context_.clock.Now();
  const uint64_t generation = generation_;
  if (state_deadline_.has_value() && now >= *state_deadline_) {
    state_deadline_.reset();
    if (state_ == ReplicaState::kBackoff) {
      Dial();
    } else if (overflowed_) {
      Fail(kStoppedReading);
    } else if (state_ == ReplicaState::kDraining) {
      Fail(closing_ ? last_error_ : "the drain's grace period is over");
    } else {
      Fail("the policy did not answer Hello in time");
    }
    return;
  }
  if (stall_check_time_.has_value() && now >= *stall_check_time_) {
    stall_check_time_.reset();
    if (const auto start = stream_->write_start_time()) {
      const ovpn::SteadyTime limit = *start + context_.options.timings.write_stall_timeout;
      if (now >= limit) return Fail(kStoppedReading);
      stall_check_time_ = limit;
    }
  }
  if (liveness_.has_value()) {
    switch (liveness_->Tick(now)) {
      case Liveness::Action::kNone:
        break;
      case Liveness::Action::kSendHeartbeat: {
        v1::StreamDecisionsRequest message;
        message.mutable_heartbeat()->set_sequence(liveness_->sequence());
        Send(message);
        break;
      }
      case Liveness::Action::kGiveUp:
        return Fail("the policy has not answered heartbeats");
    }
  }
  if (feed_.has_value() && now >= feed_->deadline()) PlanEvents();
  if (age_deadline_.has_value() && now >= *age_deadline_) {
    age_deadline_.reset();
    context_.listener.OnReplicaAged(*this);
  }
  if (generation == generation_) ArmTimer();
}

std::optional<ovpn::SteadyTime> Replica::NextDeadline() const {
  std::optional<ovpn::SteadyTime> next = state_deadline_;
  if (stall_check_time_.has_value())
    next = std::min(next.value_or(*stall_check_time_), *stall_check_time_);
  if (age_deadline_.has_value()) next = std::min(next.value_or(*age_deadline_), *age_deadline_);
  if (liveness_.has_value())
    next = std::min(next.value_or(liveness_->deadline()), liveness_->deadline());
  // While events wait to be sent there is nothing to wake up for.
  if (feed_.has_value() && !closing_ && !events_planned_ && stream_->queued_events() == 0)
    next = std::min(next.value_or(feed_->deadline()), feed_->deadline());
  return next;
}

void Replica::ArmTimer() { timer_.Arm(NextDeadline()); }

void Replica::Become(ReplicaState state) {
  state_ = state;
  state_change_time_ = context_.clock.WallNow();
}

ReplicaStatus Replica::Status() const {
  return {.address = address_,
          .state = state_,
          .state_change_time = state_change_time_,
          .in_flight = open_.size(),
          .max_in_flight = terms_.max_in_flight,
          .circuit = circuit_.state(context_.clock.Now()),
          .session_events = feed_.has_value(),
          .dry_run = terms_.dry_run,
          .event_lag = feed_.has_value() ? feed_->lag() : 0,
          .policy_id = policy_id_,
          .revision = revision_,
          .last_error = last_error_};
}

}  // namespace ovpnbroker::policy
