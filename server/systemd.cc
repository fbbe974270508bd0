#include "server/systemd.h"

#include <systemd/sd-daemon.h>

#include <chrono>

#include "absl/strings/str_cat.h"

namespace ovpnbroker::server {
namespace {

constexpr int kKeepEnvironment = 0;  // children get none of it anyway

void Notify(const std::string& state) {
  // Failing to tell systemd is no reason to stop; it notices by its own timeouts.
  static_cast<void>(sd_notify(kKeepEnvironment, state.c_str()));
}

}  // namespace

SystemdNotifier::SystemdNotifier(asio::io_context& loop)
    : watchdog_(loop, [this] { FeedWatchdog(); }) {
  uint64_t timeout_usec = 0;
  if (sd_watchdog_enabled(kKeepEnvironment, &timeout_usec) <= 0) return;
  // Half of the timeout, as sd_watchdog_enabled(3) recommends.
  watchdog_interval_ = std::chrono::microseconds(timeout_usec / 2);
  FeedWatchdog();
}

void SystemdNotifier::Ready(absl::string_view status) {
  Notify(absl::StrCat("READY=1\nSTATUS=", status));
}

void SystemdNotifier::Reloading() {
  const auto now = std::chrono::duration_cast<std::chrono::microseconds>(
      std::chrono::steady_clock::now().time_since_epoch());
  Notify(absl::StrCat("RELOADING=1\nMONOTONIC_USEC=", now.count()));
}

void SystemdNotifier::Stopping() { Notify("STOPPING=1"); }

void SystemdNotifier::SetStatus(absl::string_view status) {
  Notify(absl::StrCat("STATUS=", status));
}

void SystemdNotifier::FeedWatchdog() {
  Notify("WATCHDOG=1");
  watchdog_.Arm(std::chrono::steady_clock::now() + watchdog_interval_);
}

}  // namespace ovpnbroker::server
