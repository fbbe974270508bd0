#include "ovpn/process/adopted_child.h"

#include <errno.h>

#include <asio/posix/stream_descriptor.hpp>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "ovpn/base/unique_fd.h"
#include "ovpn/process/pidfd.h"
#include "ovpn/process/process_table.h"

namespace ovpnbroker::ovpn {
namespace {

class AdoptedChild final : public ChildProcess {
 public:
  AdoptedChild(asio::io_context& loop, pid_t pid, UniqueFd pidfd, ChildObserver& observer)
      : pid_(pid), observer_(observer), pidfd_(loop, pidfd.Release()) {
    AwaitProcessEnd(pidfd_, alive_, [this] {
      ended_ = true;
      observer_.OnChildExit(ExitStatus{});  // may destroy this
    });
  }

  pid_t pid() const override { return pid_; }

  absl::Status Signal(int signal) override {
    if (ended_) return absl::NotFoundError("the process has ended");
    if (pidfd_send_signal(pidfd_.native_handle(), signal, nullptr, 0) == 0) return absl::OkStatus();
    if (errno == ESRCH) return absl::NotFoundError("the process has ended");
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot signal process ", pid_));
  }

 private:
  const pid_t pid_;
  ChildObserver& observer_;
  bool ended_ = false;
  asio::posix::stream_descriptor pidfd_;
  // Completions that are still queued when the object goes find this expired.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace

absl::StatusOr<std::unique_ptr<ChildProcess>> AdoptChild(asio::io_context& loop, pid_t pid,
                                                         const LaunchOptions& options,
                                                         ChildObserver& observer,
                                                         const std::string& proc_root) {
  UniqueFd pidfd(pidfd_open(pid, 0));
  if (!pidfd.valid()) {
    return absl::FailedPreconditionError(
        absl::StrCat("process ", pid, " cannot be watched; it may have ended"));
  }
  // Looked at after the pidfd was opened: what is found now is what the pidfd names.
  std::vector<std::string> command = {options.program};
  command.insert(command.end(), options.arguments.begin(), options.arguments.end());
  if (!ProcessTable(proc_root).RunsCommand(pid, command)) {
    return absl::FailedPreconditionError(
        absl::StrCat("process ", pid, " does not run what this instance would start"));
  }
  return std::make_unique<AdoptedChild>(loop, pid, std::move(pidfd), observer);
}

}  // namespace ovpnbroker::ovpn
