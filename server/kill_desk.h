// Kills that somebody waits for: a kill is done when DISCONNECT was seen, which OpenVPN sends about
// 5 s after it took the command. Owned by the broker; loop thread only.
#pragma once

#include <asio/io_context.hpp>
#include <functional>
#include <map>
#include <memory>

#include "ovpn/base/clock.h"
#include "ovpn/base/deadline_timer.h"
#include "ovpn/base/log.h"
#include "ovpn/instance/instance_set.h"
#include "server/broker_control.h"

namespace ovpnbroker::server {

class KillDesk {
 public:
  using Done = std::function<void(KillResult)>;

  // All references outlive the desk.
  KillDesk(asio::io_context& loop, const ovpn::Clock& clock, ovpn::InstanceSet& instances,
           ovpn::Logger& logger);
  // Tells every caller that still waits that the broker stops.
  ~KillDesk();
  KillDesk(const KillDesk&) = delete;
  KillDesk& operator=(const KillDesk&) = delete;

  // As BrokerControl::Kill.
  void Kill(KillRequest request, Done done);
  // A session is over, for whatever reason.
  void OnSessionEnded(const ovpn::Session& session);

 private:
  struct Waiter {
    ovpn::SessionUid uid;
    Done done;
  };

  void OnTaken(KillRequest request, Done done, const absl::Status& status);
  void OnDeadline();
  void Arm();
  // Calls back in the next loop turn: callers rely on never being called from inside Kill.
  void Finish(Done done, KillResult result);

  asio::io_context& loop_;
  const ovpn::Clock& clock_;
  ovpn::InstanceSet& instances_;
  ovpn::Logger& logger_;
  std::multimap<ovpn::SteadyTime, Waiter> waiters_;  // by the end of their patience
  ovpn::DeadlineTimer timer_;
  // Callbacks of commands that are under way find out through a weak pointer that the desk is gone.
  std::shared_ptr<KillDesk*> self_ = std::make_shared<KillDesk*>(this);
};

}  // namespace ovpnbroker::server
