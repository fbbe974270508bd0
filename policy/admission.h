// What stands between a policy's allow and the answer: session limits, an address from a pool, and
// whether the addresses are free, in this order. Keeps watch over limits afterwards and ends the
// sessions that are over them. A state machine on a Clock. Owned by the broker, asked by the
// engine; loop thread only.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "ovpn/base/clock.h"
#include "ovpn/base/log.h"
#include "ovpn/types/auth_request.h"
#include "ovpn/types/session.h"
#include "ovpn/types/verdict.h"
#include "policy/address_pools.h"
#include "policy/live_sessions.h"
#include "policy/session_ends.h"
#include "policy/session_limits.h"

namespace ovpnbroker::policy {

class Admission {
 public:
  // An allow that can be written: addresses are named, no pool is left in it.
  struct Admitted {
    ovpn::Allow allow;
    std::vector<ovpn::SessionUid> to_end;  // for Commit
  };
  // Violations mean that the verdict is refused and the failure rules apply.
  using Result = std::variant<Admitted, ovpn::Deny, std::vector<ovpn::FieldViolation>>;

  // Ends a session by its uid; `done` tells whether OpenVPN took the command.
  using EndSession =
      std::function<void(const ovpn::ClientRef& client, const ovpn::SessionUid& uid,
                         const std::string& reason, std::function<void(absl::Status)> done)>;

  // A session that could not be ended (no management connection) is tried again after this long.
  static constexpr ovpn::Duration kEndRetry = std::chrono::seconds(5);

  // `clock` and `logger` outlive this; `end_session` is not called after this is gone.
  Admission(const ovpn::Clock& clock, ovpn::Logger& logger, std::vector<AddressPoolOptions> pools,
            EndSession end_session);

  void SetReplaceBy(const std::string& instance, ReplaceBy by) { live_.SetReplaceBy(instance, by); }

  // Completes, denies or refuses `allow`. Addresses are held for the session from here on; exactly
  // one of the two below must follow an Admitted.
  Result Admit(const ovpn::AuthRequest& request, const ovpn::Allow& allow);
  // The answer was taken: the limits begin, and who is one too many is ended.
  void Commit(const ovpn::AuthRequest& request, const Admitted& admitted);
  // The answer reaches nobody.
  void Abandon(const ovpn::AuthRequest& request);

  // Everything that an instance reports about its sessions.
  void OnSessionChanged(const ovpn::Session& session);

  std::optional<ovpn::SteadyTime> NextDeadline() const { return limits_.NextDeadline(); }
  void OnDeadline();
  // `listener` is called with NextDeadline() after each call that may have moved it.
  void SetDeadlineListener(std::function<void(std::optional<ovpn::SteadyTime>)> listener);

  AddressPools& pools() { return pools_; }
  const AddressPools& pools() const { return pools_; }
  // To be kept over a restart.
  SessionEnds& session_ends() { return session_ends_; }

 private:
  std::optional<ovpn::Deny> TakeFromPool(const ovpn::AuthRequest& request, AddressPool& pool,
                                         ovpn::ClientConfig& config);
  void CheckFree(const ovpn::Session& session, const ovpn::IpAddress& address,
                 absl::string_view field, std::vector<ovpn::FieldViolation>& violations) const;
  bool GivesWay(const ovpn::IpAddress& address, const ovpn::Session& session) const;
  void HoldAddresses(const ovpn::Session& session, const ovpn::ClientConfig& config);
  void HoldReported(const ovpn::Session& session);
  void ClaimEnd(const ovpn::Session& session);
  void End(const ovpn::SessionUid& uid, const std::string& reason);
  void OnEndFailed(const ovpn::SessionUid& uid, const std::string& reason,
                   const absl::Status& status);
  void TellDeadline();

  const ovpn::Clock& clock_;
  ovpn::Logger& logger_;
  const EndSession end_session_;
  AddressPools pools_;
  LiveSessions live_;
  SessionLimits limits_;
  SessionEnds session_ends_;
  std::function<void(std::optional<ovpn::SteadyTime>)> deadline_listener_;
  // Kills that are under way find out through a weak pointer that this is gone.
  std::shared_ptr<Admission*> self_ = std::make_shared<Admission*>(this);
};

}  // namespace ovpnbroker::policy
