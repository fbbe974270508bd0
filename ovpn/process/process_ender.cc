#include "ovpn/process/process_ender.h"

#include <errno.h>
#include <signal.h>

#include <asio/post.hpp>
#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "ovpn/base/unique_fd.h"
#include "ovpn/process/pidfd.h"

namespace ovpnbroker::ovpn {

ProcessEnder::ProcessEnder(asio::io_context& loop, Logger& log, const ProcessTable& table,
                           EndTimeouts timeouts)
    : log_(log),
      table_(table),
      timeouts_(timeouts),
      pidfd_(loop),
      stop_(timeouts.term),
      timer_(loop, [this] { OnDeadline(); }) {}

ProcessEnder::~ProcessEnder() = default;

void ProcessEnder::End(const ForeignProcess& process, std::function<void(absl::Status)> done) {
  process_ = process;
  done_ = std::move(done);
  absl::Status status = OpenPidfd();
  if (status.ok()) {
    const SteadyTime now = std::chrono::steady_clock::now();
    if (const auto signal = stop_.Begin(now)) status = Send(*signal);
  }
  if (!status.ok()) {
    asio::post(pidfd_.get_executor(), [this, alive = std::weak_ptr<bool>(alive_), status] {
      if (!alive.expired()) Finish(absl::IsNotFound(status) ? absl::OkStatus() : status);
    });
    return;
  }
  timer_.Arm(stop_.next_deadline());
  AwaitProcessEnd(pidfd_, alive_, [this] { Finish(absl::OkStatus()); });
}

// NOT_FOUND: the process is gone already.
absl::Status ProcessEnder::OpenPidfd() {
  const pid_t pid = process_.identity.pid;
  UniqueFd fd(pidfd_open(pid, 0));
  if (!fd.valid()) return absl::ErrnoToStatus(errno, absl::StrCat("cannot watch process ", pid));
  // The pidfd names whoever has the pid now; only if that is still the process that was found does
  // it name the right one, and from here on for good.
  if (!table_.IsRunning(process_.identity)) return absl::NotFoundError("the process has ended");
  asio::error_code error;
  pidfd_.assign(fd.get(), error);
  if (error) return absl::UnavailableError(absl::StrCat("cannot watch: ", error.message()));
  fd.Release();
  return absl::OkStatus();
}

absl::Status ProcessEnder::Send(int signal) {
  if (pidfd_send_signal(pidfd_.native_handle(), signal, nullptr, 0) == 0) return absl::OkStatus();
  if (errno == ESRCH) return absl::NotFoundError("the process has ended");
  return absl::ErrnoToStatus(errno, absl::StrCat("cannot end process ", process_.identity.pid, " (",
                                                 process_.command, ")"));
}

void ProcessEnder::OnDeadline() {
  const SteadyTime now = std::chrono::steady_clock::now();
  const auto signal = stop_.OnDeadline(now);
  if (!signal.has_value()) {
    Finish(absl::DeadlineExceededError(absl::StrCat("process ", process_.identity.pid, " (",
                                                    process_.command, ") outlives SIGKILL")));
    return;
  }
  log_.Warning("PREFLIGHT_FOREIGN_KILL", "a foreign OpenVPN did not end in time and gets SIGKILL",
               {{"pid", process_.identity.pid}, {"command", process_.command}});
  if (absl::Status sent = Send(*signal); !sent.ok() && !absl::IsNotFound(sent)) {
    Finish(std::move(sent));
    return;
  }
  timer_.Arm(now + timeouts_.kill);
}

void ProcessEnder::Finish(absl::Status status) {
  if (done_ == nullptr) return;
  timer_.Arm(std::nullopt);
  std::exchange(done_, nullptr)(std::move(status));
}

}  // namespace ovpnbroker::ovpn
