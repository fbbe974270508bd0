// What systemd is told about the broker (Type=notify), and its watchdog fed from the loop: a loop
// that hangs is restarted. Does nothing without NOTIFY_SOCKET. Loop thread only.
#pragma once

#include <asio/io_context.hpp>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "ovpn/base/deadline_timer.h"

namespace ovpnbroker::server {

class SystemdNotifier {
 public:
  // Feeds the watchdog from now on, when the unit has one.
  explicit SystemdNotifier(asio::io_context& loop);
  SystemdNotifier(const SystemdNotifier&) = delete;
  SystemdNotifier& operator=(const SystemdNotifier&) = delete;

  // The admin API answers and the instances are started; also the end of a reload.
  void Ready(absl::string_view status);
  // A reload begins; Ready ends it.
  void Reloading();
  void Stopping();
  // The one-line text of `systemctl status`.
  void SetStatus(absl::string_view status);

 private:
  void FeedWatchdog();

  ovpn::Duration watchdog_interval_{};  // zero: no watchdog
  ovpn::DeadlineTimer watchdog_;
};

}  // namespace ovpnbroker::server
