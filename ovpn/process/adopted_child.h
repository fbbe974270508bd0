// Taking over the child of a broker that died: it runs on, holds its instance's lock, and is
// watched through a pidfd from here on. It is not our child by the kernel's books, so its exit
// status is not to be had, and its output went to a pipe that nobody reads any more. Loop thread
// only.
#pragma once

#include <asio/io_context.hpp>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "ovpn/process/launcher.h"

namespace ovpnbroker::ovpn {

// The running process `pid` as a child, if it is what `options` would start: the same program with
// the same arguments. `observer` hears of its end only. FAILED_PRECONDITION when it is something
// else or has ended. `proc_root` is "/proc" but in tests.
absl::StatusOr<std::unique_ptr<ChildProcess>> AdoptChild(asio::io_context& loop, pid_t pid,
                                                         const LaunchOptions& options,
                                                         ChildObserver& observer,
                                                         const std::string& proc_root = "/proc");

}  // namespace ovpnbroker::ovpn
