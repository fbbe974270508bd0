#include "ovpn/process/file_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "ovpn/base/status_macros.h"

namespace ovpnbroker::ovpn {
namespace {

constexpr mode_t kLockFileMode = 0600;
constexpr char kDirectoryLockName[] = "broker.lock";

std::optional<pid_t> ReadPid(int fd) {
  std::array<char, 32> buffer;
  const ssize_t size = pread(fd, buffer.data(), buffer.size(), 0);
  if (size <= 0) return std::nullopt;
  pid_t pid = 0;
  const absl::string_view text(buffer.data(), static_cast<size_t>(size));
  if (!absl::SimpleAtoi(absl::StripAsciiWhitespace(text), &pid) || pid <= 0) return std::nullopt;
  return pid;
}

}  // namespace

absl::StatusOr<FileLock::Attempt> FileLock::TryAcquire(const std::string& path) {
  UniqueFd fd(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, kLockFileMode));
  if (!fd.valid()) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot open the lock file ", path));
  }
  if (flock(fd.get(), LOCK_EX | LOCK_NB) == 0) {
    return Attempt{.lock = FileLock(std::move(fd), path), .holder = std::nullopt};
  }
  if (errno == EWOULDBLOCK) return Attempt{.lock = std::nullopt, .holder = ReadPid(fd.get())};
  return absl::ErrnoToStatus(errno, absl::StrCat("cannot lock ", path));
}

absl::Status FileLock::WritePid(pid_t pid) {
  const std::string text = absl::StrCat(pid, "\n");
  if (ftruncate(fd_.get(), 0) != 0 ||
      pwrite(fd_.get(), text.data(), text.size(), 0) != static_cast<ssize_t>(text.size())) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot write the lock file ", path_));
  }
  return absl::OkStatus();
}

absl::StatusOr<FileLock::Attempt> TryAcquireInstanceLock(absl::string_view directory,
                                                         absl::string_view instance) {
  if (instance.empty() || absl::StrContains(instance, '/')) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", instance, "\" cannot name an instance: it makes a file name"));
  }
  return FileLock::TryAcquire(absl::StrCat(directory, "/", instance, ".lock"));
}

absl::StatusOr<FileLock> AcquireDirectoryLock(absl::string_view directory) {
  ASSIGN_OR_RETURN(FileLock::Attempt attempt,
                   FileLock::TryAcquire(absl::StrCat(directory, "/", kDirectoryLockName)));
  if (!attempt.lock.has_value()) {
    return absl::FailedPreconditionError(absl::StrCat(
        "another broker", attempt.holder ? absl::StrCat(" (process ", *attempt.holder, ")") : "",
        " uses the runtime directory ", directory,
        "; stop it, or give this broker a directory of its own"));
  }
  RETURN_IF_ERROR(attempt.lock->WritePid(getpid()));
  return *std::move(attempt.lock);
}

}  // namespace ovpnbroker::ovpn
