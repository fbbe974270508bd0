// Starting a child process and hearing from it, as interfaces: an instance is tested with a fake
// launcher, and runs with PosixLauncher. Owned by the composition root; loop thread only, and every
// callback comes on it.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace ovpnbroker::ovpn {

// What is started and with what. Nothing is inherited that is not named here: the child gets this
// environment, /dev/null as standard input, a pipe as standard output and error, the listed
// descriptors, a process group of its own, an empty signal mask and default signal dispositions.
struct LaunchOptions {
  std::string program;                   // absolute path
  std::vector<std::string> arguments;    // without argv[0], which is `program`
  std::vector<std::string> environment;  // "NAME=value"
  std::string working_directory;         // absolute path; empty: the broker's own
  std::vector<int> inherited_fds;        // become 3, 4, ... in the child; the caller keeps its own
};

// How a process ended.
struct ExitStatus {
  bool exited = false;  // true: by itself, with `code`; false: by `signal`
  int code = 0;
  int signal = 0;  // 0 with `exited` false: somebody else reaped it, the status is not known

  // Ended by itself with code 0.
  bool success() const { return exited && code == 0; }
  // "exited with code 1", "killed by signal 9 (Killed)", "ended with unknown status"
  std::string ToString() const;
  bool operator==(const ExitStatus&) const = default;
};

// Hears from one child. The observer outlives its ChildProcess, and may destroy it in a callback.
class ChildObserver {
 public:
  virtual ~ChildObserver() = default;

  // One line of the child's standard output or error, without its newline, in the order written.
  // Any bytes; at most kMaxChildLineBytes, the rest of a longer line is dropped.
  virtual void OnChildOutput(absl::string_view line) = 0;
  // The child has ended and all it wrote has been reported. The last callback.
  virtual void OnChildExit(const ExitStatus& status) = 0;
};

// A child that was started. Destroying it stops the callbacks and nothing else: a process that runs
// goes on running, its output is drained and it is reaped when it ends, for as long as the loop
// runs.
class ChildProcess {
 public:
  virtual ~ChildProcess() = default;

  virtual pid_t pid() const = 0;
  // Sends `signal` to this process (not its group). NOT_FOUND once it has ended; can never hit a
  // process that took over the pid.
  virtual absl::Status Signal(int signal) = 0;
};

class Launcher {
 public:
  virtual ~Launcher() = default;

  // Starts a program. An error (program missing or not executable, working directory missing, no
  // descriptors left) means that nothing runs and `observer` is never called. No callback is made
  // before Launch returns.
  virtual absl::StatusOr<std::unique_ptr<ChildProcess>> Launch(const LaunchOptions& options,
                                                               ChildObserver& observer) = 0;
  // Takes over the process `pid` that an earlier broker started with these options; see
  // adopted_child.h.
  virtual absl::StatusOr<std::unique_ptr<ChildProcess>> Adopt(pid_t pid,
                                                              const LaunchOptions& options,
                                                              ChildObserver& observer) = 0;
};

}  // namespace ovpnbroker::ovpn
