#include "ovpn/process/posix_launcher.h"

#include <utility>

#include "ovpn/base/status_macros.h"
#include "ovpn/process/child_watch.h"
#include "ovpn/process/spawn.h"

namespace ovpnbroker::ovpn {
namespace {

// The owner's handle on a child; the watch outlives it if the process does.
class PosixChild final : public ChildProcess {
 public:
  PosixChild(pid_t pid, std::shared_ptr<ChildWatch> watch) : pid_(pid), watch_(std::move(watch)) {}
  ~PosixChild() override { watch_->Detach(); }
  PosixChild(const PosixChild&) = delete;
  PosixChild& operator=(const PosixChild&) = delete;

  pid_t pid() const override { return pid_; }
  absl::Status Signal(int signal) override { return watch_->Signal(signal); }

 private:
  pid_t pid_;
  std::shared_ptr<ChildWatch> watch_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<ChildProcess>> PosixLauncher::Launch(const LaunchOptions& options,
                                                                    ChildObserver& observer) {
  ASSIGN_OR_RETURN(SpawnedProcess process, SpawnProcess(options));
  auto watch = std::make_shared<ChildWatch>(loop_, observer);
  if (absl::Status started = watch->Start(process); !started.ok()) {
    DiscardProcess(process);
    return started;
  }
  return std::make_unique<PosixChild>(process.pid, std::move(watch));
}

}  // namespace ovpnbroker::ovpn
