#include "ovpn/process/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "ovpn/base/status_macros.h"
#include "ovpn/process/pidfd.h"

namespace ovpnbroker::ovpn {
namespace {

constexpr int kOutputPipeBytes = 512 * 1024;

constexpr int kFirstInheritedFd = 3;

class SpawnAttributes {
 public:
  SpawnAttributes() {
    posix_spawnattr_init(&attributes_);
    // An inherited signal mask would make OpenVPN deaf to SIGTERM, and an inherited SIG_IGN would
    // pass through it to its scripts.
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setsigdefault(&attributes_, &all);
    posix_spawnattr_setpgroup(&attributes_, 0);  // a group of its own
    posix_spawnattr_setflags(
        &attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  }
  ~SpawnAttributes() { posix_spawnattr_destroy(&attributes_); }
  SpawnAttributes(const SpawnAttributes&) = delete;
  SpawnAttributes& operator=(const SpawnAttributes&) = delete;

  const posix_spawnattr_t* get() const { return &attributes_; }

 private:
  posix_spawnattr_t attributes_;
};

// What the child does to its descriptors and directory before the exec. Each call can only fail for
// want of memory or an invalid number; the first failure is kept.
class SpawnActions {
 public:
  SpawnActions() { posix_spawn_file_actions_init(&actions_); }
  ~SpawnActions() { posix_spawn_file_actions_destroy(&actions_); }
  SpawnActions(const SpawnActions&) = delete;
  SpawnActions& operator=(const SpawnActions&) = delete;

  void Open(int fd, const char* path, int flags) {
    Keep(posix_spawn_file_actions_addopen(&actions_, fd, path, flags, 0));
  }
  void Duplicate(int from, int to) { Keep(posix_spawn_file_actions_adddup2(&actions_, from, to)); }
  void CloseFrom(int fd) { Keep(posix_spawn_file_actions_addclosefrom_np(&actions_, fd)); }
  void ChangeDirectory(const std::string& path) {
    Keep(posix_spawn_file_actions_addchdir_np(&actions_, path.c_str()));
  }

  int error() const { return error_; }
  const posix_spawn_file_actions_t* get() const { return &actions_; }

 private:
  void Keep(int error) {
    if (error_ == 0) error_ = error;
  }

  posix_spawn_file_actions_t actions_;
  int error_ = 0;
};

// A copy of `fd` that no target of the child's mapping can overwrite before it was mapped itself.
absl::StatusOr<UniqueFd> DuplicateAbove(int fd, int minimum) {
  UniqueFd copy(fcntl(fd, F_DUPFD_CLOEXEC, minimum));
  if (!copy.valid()) return absl::ErrnoToStatus(errno, "cannot duplicate a descriptor");
  return copy;
}

std::vector<char*> Pointers(const std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  pointers.reserve(strings.size() + 1);
  // exec(2) does not change them; its signature is older than const.
  for (const std::string& string : strings) pointers.push_back(const_cast<char*>(string.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

absl::Status SpawnError(int error, const LaunchOptions& options) {
  const std::string& directory = options.working_directory;
  if (!directory.empty() && access(directory.c_str(), X_OK) != 0) {
    return absl::ErrnoToStatus(errno,
                               absl::StrCat("cannot enter the working directory ", directory));
  }
  return absl::ErrnoToStatus(error, absl::StrCat("cannot start ", options.program));
}

}  // namespace

absl::StatusOr<SpawnedProcess> SpawnProcess(const LaunchOptions& options) {
  if (options.program.empty() || options.program.front() != '/') {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", options.program, "\" is not an absolute path of a program"));
  }
  std::array<int, 2> pipe_ends;
  if (pipe2(pipe_ends.data(), O_CLOEXEC) != 0) {
    return absl::ErrnoToStatus(errno, "cannot make the output pipe");
  }
  SpawnedProcess process;
  process.output.Reset(pipe_ends[0]);
  // Best effort: a larger pipe keeps a talkative child from waiting for the loop.
  fcntl(process.output.get(), F_SETPIPE_SZ, kOutputPipeBytes);
  const UniqueFd write_end(pipe_ends[1]);

  const int end_of_inherited = kFirstInheritedFd + static_cast<int>(options.inherited_fds.size());
  ASSIGN_OR_RETURN(const UniqueFd child_output, DuplicateAbove(write_end.get(), end_of_inherited));
  std::vector<UniqueFd> sources;
  for (int fd : options.inherited_fds) {
    ASSIGN_OR_RETURN(UniqueFd source, DuplicateAbove(fd, end_of_inherited));
    sources.push_back(std::move(source));
  }

  SpawnActions actions;
  actions.Open(STDIN_FILENO, "/dev/null", O_RDONLY);
  actions.Duplicate(child_output.get(), STDOUT_FILENO);
  actions.Duplicate(child_output.get(), STDERR_FILENO);
  int target = kFirstInheritedFd;
  for (const UniqueFd& source : sources) actions.Duplicate(source.get(), target++);
  actions.CloseFrom(end_of_inherited);
  if (!options.working_directory.empty()) actions.ChangeDirectory(options.working_directory);
  if (actions.error() != 0) return absl::ErrnoToStatus(actions.error(), "cannot prepare a spawn");

  std::vector<std::string> arguments = {options.program};
  arguments.insert(arguments.end(), options.arguments.begin(), options.arguments.end());
  const int error =
      posix_spawn(&process.pid, options.program.c_str(), actions.get(), SpawnAttributes().get(),
                  Pointers(arguments).data(), Pointers(options.environment).data());
  if (error != 0) return SpawnError(error, options);

  // The pid is ours until we reap it, so this cannot name another process.
  process.pidfd.Reset(pidfd_open(process.pid, 0));
  if (!process.pidfd.valid()) {
    absl::Status status = absl::ErrnoToStatus(errno, "cannot watch the new process");
    DiscardProcess(process);
    return status;
  }
  return process;
}

void DiscardProcess(const SpawnedProcess& process) {
  kill(process.pid, SIGKILL);
  siginfo_t ignored;
  while (waitid(P_PID, static_cast<id_t>(process.pid), &ignored, WEXITED) != 0 && errno == EINTR) {
  }
}

std::optional<ExitStatus> ReapProcess(int pidfd) {
  siginfo_t info{};
  if (waitid(P_PIDFD, static_cast<id_t>(pidfd), &info, WEXITED | WNOHANG) != 0) {
    return ExitStatus{};  // ECHILD: reaped by somebody else in this process
  }
  if (info.si_pid == 0) return std::nullopt;
  if (info.si_code == CLD_EXITED) return ExitStatus{.exited = true, .code = info.si_status};
  return ExitStatus{.exited = false, .signal = info.si_status};
}

}  // namespace ovpnbroker::ovpn
