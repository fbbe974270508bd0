#include "policy/session_end_mirror.h"

#include "policy/session_end_file.h"

namespace ovpnbroker::policy {

void SessionEndMirror::Apply(const std::vector<SessionEndChange>& changes) {
  for (const SessionEndChange& change : changes) {
    ends_.erase(change.end);
    if (!change.gone) ends_.insert(change.end);
  }
}

std::string SessionEndMirror::Text() const {
  return FormatSessionEnds({ends_.begin(), ends_.end()});
}

}  // namespace ovpnbroker::policy
