// The session events of one stream: a cursor into the journal, and the list of live sessions that
// stands in for what the journal no longer has. Makes messages only when asked, so what a slow
// reader has not taken waits in the journal and nowhere else. Knows no gRPC call: Replica takes
// from it as much as the stream has room for. Owned by a Replica; loop thread only.
//
//   begin --no cursor--> SNAPSHOT... SNAPSHOT_COMPLETE --> live
//   begin --cursor held--> live
//   begin, or live --ring has moved past the cursor--> CURSOR_LOST, SNAPSHOT... as above
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "ovpn/base/clock.h"
#include "ovpnbroker/policy/v1/session_event.pb.h"
#include "policy/session_access.h"
#include "policy/stream/stream_options.h"

namespace ovpnbroker::policy {

class EventFeed {
 public:
  // `resume_from`: null for a snapshot. `jitter`, in [0, 1), spreads the streams' PROGRESS events.
  // `options.sessions` is not null; references outlive the feed.
  // `traffic`: tells the live sessions' byte counts every `timings.traffic_interval`.
  EventFeed(const StreamPolicyOptions& options, const ovpn::Clock& clock,
            const v1::EventCursor* resume_from, bool traffic, double jitter);

  // The next events, at most `limit`. Less work than for the whole list of sessions at once.
  std::vector<v1::SessionEvent> Take(size_t limit);
  // There may be more to take now.
  bool more() const;
  // When Take has something to tell even if nothing happens.
  ovpn::SteadyTime deadline() const;

  // Cumulative; cursors of another run and of events that were not sent are ignored.
  void OnAck(const v1::EventCursor& cursor);
  // Journal entries between the last one that the policy confirmed and the newest.
  int64_t lag() const { return journal().last_sequence() - acked_; }

 private:
  enum class Phase { kCursorLost, kSnapshot, kLive };

  SessionJournal& journal() const { return options_.sessions->journal(); }
  void BeginSnapshot();
  bool TakeList(v1::SessionEvent::Kind kind, size_t limit, std::vector<v1::SessionEvent>& events);
  void TakeSnapshot(size_t limit, std::vector<v1::SessionEvent>& events);
  void TakeTraffic(size_t limit, std::vector<v1::SessionEvent>& events);
  void TakeProgress(std::vector<v1::SessionEvent>& events);
  void TakeLive(size_t limit, std::vector<v1::SessionEvent>& events);
  v1::SessionEvent MakeEvent(v1::SessionEvent::Kind kind) const;
  void SetCursor(v1::SessionEvent& event) const;

  const StreamPolicyOptions& options_;
  const ovpn::Clock& clock_;
  const ovpn::Duration progress_interval_;
  Phase phase_ = Phase::kSnapshot;
  int64_t cursor_ = 0;  // the last journal entry that was taken, or passed over
  int64_t acked_ = 0;
  int64_t dropped_ = 0;       // told with CURSOR_LOST
  ovpn::SessionUid visited_;  // by the list that is being sent, up to here
  ovpn::SteadyTime progress_time_;
  bool traffic_list_ = false;                     // is being sent
  std::optional<ovpn::SteadyTime> traffic_time_;  // of the next one
};

}  // namespace ovpnbroker::policy
