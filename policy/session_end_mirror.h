// A second copy of the ends of sessions, for the thread that writes them: it is told what changed,
// so that the loop pays for that and not for all there are. Owned by SessionEndKeeper; one thread
// at a time.
#pragma once

#include <string>
#include <vector>

#include "absl/container/btree_set.h"
#include "policy/session_ends.h"

namespace ovpnbroker::policy {

class SessionEndMirror {
 public:
  void Apply(const std::vector<SessionEndChange>& changes);
  // The file with all of them.
  std::string Text() const;

 private:
  struct ByPlace {
    bool operator()(const SessionEnd& a, const SessionEnd& b) const {
      return a.instance != b.instance ? a.instance < b.instance : a.cid < b.cid;
    }
  };

  absl::btree_set<SessionEnd, ByPlace> ends_;
};

}  // namespace ovpnbroker::policy
