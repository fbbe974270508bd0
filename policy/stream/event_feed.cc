#include "policy/stream/event_feed.h"

#include <algorithm>

#include "policy/stream/session_codec.h"

namespace ovpnbroker::policy {
namespace {

using v1::SessionEvent;

// Sessions that one step of a snapshot looks at, those of other policies included.
constexpr size_t kMaxVisited = 1024;
constexpr double kJitter = 0.2;  // of the PROGRESS interval

std::optional<SessionEvent::Kind> KindOf(ovpn::SessionChange change) {
  switch (change) {
    case ovpn::SessionChange::kEstablished:
    case ovpn::SessionChange::kAdopted:
      return SessionEvent::KIND_ESTABLISHED;
    case ovpn::SessionChange::kAddressLearned:
      return SessionEvent::KIND_ADDRESS_ASSIGNED;
    case ovpn::SessionChange::kReauthenticated:
      return SessionEvent::KIND_REAUTHENTICATED;
    case ovpn::SessionChange::kEnded:
      return SessionEvent::KIND_DISCONNECTED;
    // What the policy decided or ordered itself.
    default:
      return std::nullopt;
  }
}

v1::InstanceChange::State StateToProto(ovpn::InstanceState state) {
  switch (state) {
    case ovpn::InstanceState::kStopped:
      return v1::InstanceChange::STATE_STOPPED;
    case ovpn::InstanceState::kStarting:
      return v1::InstanceChange::STATE_STARTING;
    case ovpn::InstanceState::kHolding:
      return v1::InstanceChange::STATE_HOLDING;
    case ovpn::InstanceState::kRunning:
      return v1::InstanceChange::STATE_RUNNING;
    case ovpn::InstanceState::kStopping:
      return v1::InstanceChange::STATE_STOPPING;
    case ovpn::InstanceState::kBackoff:
      return v1::InstanceChange::STATE_BACKOFF;
    case ovpn::InstanceState::kFailed:
      return v1::InstanceChange::STATE_FAILED;
    case ovpn::InstanceState::kDetached:
      return v1::InstanceChange::STATE_DETACHED;
  }
  return v1::InstanceChange::STATE_UNSPECIFIED;
}

// The clients that somebody let in; the others are still the engine's business.
bool IsListed(const ovpn::Session& session) {
  return session.state == ovpn::SessionState::kEstablished ||
         session.state == ovpn::SessionState::kUnjudged ||
         (session.state == ovpn::SessionState::kEnding && session.establish_time.has_value());
}

}  // namespace

EventFeed::EventFeed(const StreamPolicyOptions& options, const ovpn::Clock& clock,
                     const v1::EventCursor* resume_from, bool traffic, double jitter)
    : options_(options),
      clock_(clock),
      progress_interval_(std::chrono::duration_cast<ovpn::Duration>(
          options.timings.progress_interval * (1 - kJitter / 2 + kJitter * jitter))),
      progress_time_(clock.Now() + progress_interval_) {
  if (traffic) traffic_time_ = clock.Now() + options.timings.traffic_interval;
  if (resume_from == nullptr) {
    BeginSnapshot();
  } else if (resume_from->broker_epoch() == journal().epoch() &&
             journal().Holds(resume_from->sequence())) {
    phase_ = Phase::kLive;
    cursor_ = resume_from->sequence();
  } else {
    phase_ = Phase::kCursorLost;
    // Of another run nobody knows how much was missed.
    const bool same_run = resume_from->broker_epoch() == journal().epoch();
    if (same_run && resume_from->sequence() < journal().last_sequence())
      dropped_ = journal().first_sequence() - 1 - std::max<int64_t>(resume_from->sequence(), 0);
  }
  acked_ = cursor_;
}

std::vector<SessionEvent> EventFeed::Take(size_t limit) {
  std::vector<SessionEvent> events;
  if (limit == 0) return events;
  if (phase_ == Phase::kLive && !journal().Holds(cursor_)) {
    dropped_ = journal().first_sequence() - 1 - cursor_;
    phase_ = Phase::kCursorLost;
  }
  if (phase_ == Phase::kCursorLost) {
    SessionEvent lost = MakeEvent(SessionEvent::KIND_CURSOR_LOST);
    lost.set_dropped_count(dropped_);
    events.push_back(std::move(lost));
    BeginSnapshot();
  } else if (phase_ == Phase::kSnapshot) {
    TakeSnapshot(limit, events);
  } else {
    TakeLive(limit, events);
    TakeProgress(events);
    if (traffic_time_.has_value()) TakeTraffic(limit, events);
    return events;
  }
  if (!events.empty()) progress_time_ = clock_.Now() + progress_interval_;
  return events;
}

bool EventFeed::more() const {
  return phase_ != Phase::kLive || traffic_list_ || cursor_ != journal().last_sequence();
}

ovpn::SteadyTime EventFeed::deadline() const {
  return std::min(progress_time_, traffic_time_.value_or(progress_time_));
}

void EventFeed::BeginSnapshot() {
  phase_ = Phase::kSnapshot;
  traffic_list_ = false;
  // What changes while the list is sent follows it: a session is told twice rather than not at all.
  cursor_ = journal().last_sequence();
  visited_.clear();
}

// One step of a walk through the live sessions in order of uid; true when it has come to the end.
bool EventFeed::TakeList(SessionEvent::Kind kind, size_t limit, std::vector<SessionEvent>& events) {
  size_t visited = 0;
  bool complete = true;
  options_.sessions->VisitSessions(visited_, [&](const ovpn::Session& session) {
    if (++visited > kMaxVisited || events.size() >= limit) {
      complete = false;
      return false;
    }
    visited_ = session.uid;
    if (!options_.instances.contains(session.client.instance) || !IsListed(session)) return true;
    SessionEvent event = MakeEvent(kind);
    *event.mutable_session() = SessionToProto(session);
    events.push_back(std::move(event));
    return true;
  });
  return complete;
}

void EventFeed::TakeSnapshot(size_t limit, std::vector<SessionEvent>& events) {
  const bool complete = TakeList(SessionEvent::KIND_SNAPSHOT, limit, events);
  if (!complete || events.size() >= limit) return;
  SessionEvent end = MakeEvent(SessionEvent::KIND_SNAPSHOT_COMPLETE);
  SetCursor(end);
  events.push_back(std::move(end));
  phase_ = Phase::kLive;
}

void EventFeed::TakeTraffic(size_t limit, std::vector<SessionEvent>& events) {
  const ovpn::SteadyTime now = clock_.Now();
  if (now >= *traffic_time_) {
    traffic_time_ = now + options_.timings.traffic_interval;
    // A list that is still being sent to a slow reader is not begun again.
    if (!traffic_list_) visited_.clear();
    traffic_list_ = true;
  }
  if (traffic_list_) traffic_list_ = !TakeList(SessionEvent::KIND_TRAFFIC, limit, events);
}

// After TakeLive; traffic has no cursor, so it does not put this off.
void EventFeed::TakeProgress(std::vector<SessionEvent>& events) {
  const ovpn::SteadyTime now = clock_.Now();
  if (events.empty()) {
    if (now < progress_time_) return;
    SessionEvent progress = MakeEvent(SessionEvent::KIND_PROGRESS);
    SetCursor(progress);
    events.push_back(std::move(progress));
  }
  progress_time_ = now + progress_interval_;
}

void EventFeed::TakeLive(size_t limit, std::vector<SessionEvent>& events) {
  while (events.size() < limit) {
    const JournalEntry* entry = journal().After(cursor_);
    if (entry == nullptr) return;
    cursor_ = entry->sequence;
    if (!options_.instances.contains(entry->instance())) continue;
    SessionEvent event = MakeEvent(SessionEvent::KIND_INSTANCE_CHANGED);
    if (const auto* record = std::get_if<SessionRecord>(&entry->what)) {
      const std::optional<SessionEvent::Kind> kind = KindOf(record->change);
      if (!kind.has_value()) continue;
      event.set_kind(*kind);
      *event.mutable_session() = SessionToProto(record->session);
    } else {
      const auto& change = std::get<InstanceRecord>(entry->what);
      event.mutable_instance_change()->set_instance(change.instance);
      event.mutable_instance_change()->set_state(StateToProto(change.state));
    }
    *event.mutable_event_time() = TimestampToProto(entry->time);
    SetCursor(event);
    events.push_back(std::move(event));
  }
}

SessionEvent EventFeed::MakeEvent(SessionEvent::Kind kind) const {
  SessionEvent event;
  event.set_kind(kind);
  *event.mutable_event_time() = TimestampToProto(clock_.WallNow());
  return event;
}

void EventFeed::SetCursor(SessionEvent& event) const {
  event.mutable_cursor()->set_broker_epoch(journal().epoch());
  event.mutable_cursor()->set_sequence(cursor_);
}

void EventFeed::OnAck(const v1::EventCursor& cursor) {
  if (cursor.broker_epoch() != journal().epoch() || cursor.sequence() > cursor_) return;
  acked_ = std::max(acked_, cursor.sequence());
}

}  // namespace ovpnbroker::policy
