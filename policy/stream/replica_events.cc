// Session events of a replica's stream: taken from the feed in small steps, each in a turn of the
// loop of its own, and no faster than the stream takes them.
#include <algorithm>
#include <asio/post.hpp>
#include <random>
#include <utility>

#include "policy/stream/replica.h"
#include "policy/stream/request_wire.h"

namespace ovpnbroker::policy {

void Replica::BeginEvents(const v1::HelloAck& ack) {
  if (!terms_.session_events) return;
  const bool resume = terms_.event_replay && ack.has_resume_from();
  std::random_device random;
  feed_.emplace(context_.options, context_.clock, resume ? &ack.resume_from() : nullptr,
                terms_.session_traffic, std::uniform_real_distribution<double>(0, 1)(random));
  journal_subscription_ = context_.options.sessions->journal().Subscribe([this] { PlanEvents(); });
  PlanEvents();
}

void Replica::EndEvents() {
  journal_subscription_.Cancel();
  feed_.reset();
  events_planned_ = false;
}

void Replica::PlanEvents() {
  if (!feed_.has_value() || std::exchange(events_planned_, true)) return;
  asio::post(context_.loop, [self = self_, generation = generation_] {
    Replica* const replica = *self;
    if (replica == nullptr || replica->generation_ != generation) return;
    replica->events_planned_ = false;
    replica->SendEvents();
  });
}

void Replica::SendEvents() {
  if (!feed_.has_value() || closing_ || overflowed_) return;
  const size_t waiting = stream_->queued_events();
  // With events waiting, the stream says when they are gone.
  if (waiting >= StreamLimits::kEventWindow) return;
  const ovpn::SteadyTime now = context_.clock.Now();
  for (v1::SessionEvent& event :
       feed_->Take(std::min(StreamLimits::kEventChunk, StreamLimits::kEventWindow - waiting))) {
    if (event.kind() == v1::SessionEvent::KIND_CURSOR_LOST) {
      ++context_.counters.cursors_lost;
      context_.logger.Warning("POLICY_CURSOR_LOST",
                              "a policy missed session events; it gets the list of sessions",
                              {{"policy", context_.options.name},
                               {"replica", address_},
                               {"dropped", event.dropped_count()}});
    }
    v1::StreamDecisionsRequest message;
    *message.mutable_session_event() = std::move(event);
    if (!stream_->SendEvent(WriteMessage(message))) return;
    ++context_.counters.events;
    if (!stall_check_time_.has_value())
      stall_check_time_ = now + context_.options.timings.write_stall_timeout;
  }
  if (feed_->more()) PlanEvents();
  ArmTimer();
}

}  // namespace ovpnbroker::policy
