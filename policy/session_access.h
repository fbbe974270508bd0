// What a policy that asks for it may see of the sessions and do about them. Implemented by
// server/broker (and a fake in tests), which outlives every policy; loop thread only. It does not
// know who asks: whether the session's instance is this policy's is checked by the caller.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "ovpn/types/session.h"
#include "policy/session_journal.h"

namespace ovpnbroker::policy {

class SessionAccess {
 public:
  virtual ~SessionAccess() = default;

  virtual SessionJournal& journal() = 0;
  // Calls `visit` for each live session whose uid is greater than `after` ("" for all), in uid
  // order, until it returns false.
  virtual void VisitSessions(absl::string_view after,
                             const std::function<bool(const ovpn::Session&)>& visit) const = 0;
  // A live session.
  virtual std::optional<ovpn::Session> FindSession(const ovpn::SessionUid& uid) const = 0;
  // Ends a live session: the client stays away (`halt`) or connects again. `done` is called once,
  // never before the call returns: OK when OpenVPN took it or the session had ended; otherwise
  // UNAVAILABLE.
  virtual void KillSession(const ovpn::SessionUid& uid, bool halt, const std::string& reason,
                           std::function<void(absl::Status)> done) = 0;
};

}  // namespace ovpnbroker::policy
