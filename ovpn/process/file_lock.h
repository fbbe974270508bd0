// Exclusive locks that a crash releases: flock on a file. The lock of an instance is inherited by
// its child, so that it stays held while either of them lives: a successor of a crashed broker
// tells by it that an old child runs. The lock of a runtime directory keeps a second broker out.
// Loop thread only.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ovpn/base/unique_fd.h"

namespace ovpnbroker::ovpn {

// A held lock; released when the last descriptor of it is closed, here or in a child that inherited
// it. The file stays: removing a lock file would let two processes lock two files of one name.
class FileLock {
 public:
  // What an attempt gave: the lock, or nothing because somebody else holds it.
  struct Attempt;

  // Takes the lock without waiting; creates the file (0600) if need be. An error is about the file
  // itself (directory missing, no permission, a symbolic link).
  static absl::StatusOr<Attempt> TryAcquire(const std::string& path);

  // Writes who holds the lock, for people and for the next Attempt.
  absl::Status WritePid(pid_t pid);

  // For LaunchOptions::inherited_fds.
  int fd() const { return fd_.get(); }
  const std::string& path() const { return path_; }

 private:
  FileLock(UniqueFd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

  UniqueFd fd_;
  std::string path_;
};

struct FileLock::Attempt {
  std::optional<FileLock> lock;
  std::optional<pid_t> holder;  // without `lock`: the pid that the holder wrote, if readable
};

// The lock of one instance: `<directory>/<instance>.lock`. It holds the child's pid.
absl::StatusOr<FileLock::Attempt> TryAcquireInstanceLock(absl::string_view directory,
                                                         absl::string_view instance);

// The lock of the broker's runtime directory, `<directory>/broker.lock`, with the broker's own pid
// written. FAILED_PRECONDITION, naming directory and pid, when another broker has it.
absl::StatusOr<FileLock> AcquireDirectoryLock(absl::string_view directory);

}  // namespace ovpnbroker::ovpn
