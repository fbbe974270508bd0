// The launcher that starts real processes: posix_spawn, one output pipe, a pidfd to wait on. Owned
// by the composition root; loop thread only. Nothing ties a child's life to the broker's (no
// PR_SET_PDEATHSIG): sessions must survive a broker that crashed.
#pragma once

#include <asio/io_context.hpp>
#include <chrono>
#include <memory>

#include "ovpn/process/adopted_child.h"
#include "ovpn/process/launcher.h"

namespace ovpnbroker::ovpn {

// A line of a child that is longer is cut here. OpenVPN's own limit is 10 KiB.
inline constexpr size_t kMaxChildLineBytes = size_t{16} * 1024;
// How long an ended child's output may stay open (a process that it started may hold the pipe)
// before its end is reported anyway.
inline constexpr std::chrono::milliseconds kOutputGrace{500};

class PosixLauncher final : public Launcher {
 public:
  // `loop` outlives the launcher and its children's handles.
  explicit PosixLauncher(asio::io_context& loop) : loop_(loop) {}

  absl::StatusOr<std::unique_ptr<ChildProcess>> Launch(const LaunchOptions& options,
                                                       ChildObserver& observer) override;
  absl::StatusOr<std::unique_ptr<ChildProcess>> Adopt(pid_t pid, const LaunchOptions& options,
                                                      ChildObserver& observer) override {
    return AdoptChild(loop_, pid, options, observer);
  }

 private:
  asio::io_context& loop_;
};

}  // namespace ovpnbroker::ovpn
