// WatchSessions: sessions as they are, then the journal's entries as they come. What a watcher has
// not taken waits in the journal; here wait only the numbers of the entries, one a session, so a
// slow watcher is told the latest of each. Loop thread only.
//
//   begin --no token--> CURRENT... CURRENT_COMPLETE --> CHANGED, ENDED, PROGRESS
//   begin --token held--> CHANGED, ENDED, PROGRESS
//   more than kMaxPending sessions behind, or the ring has moved past one --> cut
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "ovpnbroker/admin/v1/session_service.pb.h"
#include "policy/session_journal.h"
#include "server/admin/loop_call.h"
#include "server/admin/watch_reactor.h"

namespace ovpnbroker::server {

// Names the journal's newest entry.
std::string WatchTokenAt(const policy::SessionJournal& journal);

class SessionWatch;

// The watches of one listener. Owned by SessionService; the journal outlives it.
class SessionWatches {
 public:
  using Call = std::shared_ptr<Watch<admin::v1::WatchSessionsResponse>>;

  // Tells `call` what it asked for until it ends, or finishes it with an error.
  void Begin(AdminContext& context, const admin::v1::WatchSessionsRequest& request,
             const Call& call);

 private:
  void OnAppend();

  policy::SessionJournal::Subscription subscription_;
  bool subscribed_ = false;
  std::vector<std::weak_ptr<SessionWatch>> watches_;
};

}  // namespace ovpnbroker::server
