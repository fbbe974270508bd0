// The system calls that start a child: posix_spawn, its pipe and its pidfd. Blocking for as long
// as the exec takes; loop thread only, so that no descriptor of another spawn leaks into a child.
#pragma once

#include <sys/types.h>

#include <optional>

#include "absl/status/statusor.h"
#include "ovpn/base/unique_fd.h"
#include "ovpn/process/launcher.h"

namespace ovpnbroker::ovpn {

struct SpawnedProcess {
  pid_t pid = -1;
  UniqueFd pidfd;   // readable once the process has ended
  UniqueFd output;  // read end of the pipe that is its standard output and error
};

// The caller reaps the process.
absl::StatusOr<SpawnedProcess> SpawnProcess(const LaunchOptions& options);

// Ends and reaps a process that cannot be watched.
void DiscardProcess(const SpawnedProcess& process);

// The status of an ended process, reaped; nothing while it runs.
std::optional<ExitStatus> ReapProcess(int pidfd);

}  // namespace ovpnbroker::ovpn
