#include "ovpn/process/process_table.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <system_error>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "ovpn/base/unique_fd.h"

namespace ovpnbroker::ovpn {
namespace {

constexpr absl::string_view kProgramName = "openvpn";
// The kernel gives a command line of any length; an OpenVPN that we look for has a short one.
constexpr size_t kMaxProcFileBytes = size_t{64} * 1024;
// Fields of /proc/PID/stat after the command name, which is field 2 (see proc(5)).
constexpr size_t kStateField = 3 - 3;
constexpr size_t kParentField = 4 - 3;
constexpr size_t kStartTimeField = 22 - 3;

std::string ReadFile(const std::string& path) {
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::string content;
  if (!fd.valid()) return content;
  std::array<char, 4096> buffer;
  while (content.size() < kMaxProcFileBytes) {
    const ssize_t size = read(fd.get(), buffer.data(), buffer.size());
    if (size <= 0) break;
    content.append(buffer.data(), static_cast<size_t>(size));
  }
  return content;
}

// Empty if there is no such link or it may not be read.
std::string ReadLink(const std::string& path) {
  std::error_code error;
  return std::filesystem::read_symlink(path, error).string();
}

absl::string_view BaseName(absl::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == absl::string_view::npos ? path : path.substr(slash + 1);
}

absl::string_view DirectoryName(absl::string_view path) {
  const size_t slash = path.rfind('/');
  if (slash == absl::string_view::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

bool SameFile(const std::string& a, const std::string& b) {
  struct stat first, second;
  return stat(a.c_str(), &first) == 0 && stat(b.c_str(), &second) == 0 &&
         first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

// The same name in the same directory: a socket may be stale or not there at all.
bool SameLocation(const std::string& a, const std::string& b) {
  return BaseName(a) == BaseName(b) &&
         SameFile(std::string(DirectoryName(a)), std::string(DirectoryName(b)));
}

// Where the paths of a process start.
struct PathOrigin {
  std::string root;  // empty: its paths are ours
  std::string directory;
};

// The paths that an argument may mean. OpenVPN has followed `--cd` since it was started, so that a
// relative path may start from there or from where the process is now.
std::vector<std::string> Resolve(absl::string_view path, const PathOrigin& origin,
                                 absl::string_view cd) {
  if (absl::StartsWith(path, "/")) return {absl::StrCat(origin.root, path)};
  std::vector<std::string> candidates = {absl::StrCat(origin.directory, "/", path)};
  if (absl::StartsWith(cd, "/")) candidates.push_back(absl::StrCat(origin.root, cd, "/", path));
  return candidates;
}

}  // namespace

std::vector<ForeignProcess> ProcessTable::FindForeignOpenvpn(const ForeignQuery& query) const {
  std::vector<ForeignProcess> found;
  std::error_code error;
  for (std::filesystem::directory_iterator it(root_, error), end; !error && it != end;
       it.increment(error)) {
    pid_t pid = 0;
    if (!absl::SimpleAtoi(it->path().filename().string(), &pid)) continue;
    const std::optional<Stat> stat = ReadStat(pid);
    if (!stat.has_value() || stat->state == 'Z' || stat->parent == query.broker_pid) continue;
    const std::vector<std::string> arguments = ReadArguments(pid);
    if (!IsOpenvpn(pid, arguments) || !SharesNamespace(pid, "pid")) continue;
    if (!Matches(pid, arguments, query)) continue;
    found.push_back({{pid, stat->start_time}, absl::StrJoin(arguments, " ")});
  }
  return found;
}

bool ProcessTable::RunsCommand(pid_t pid, const std::vector<std::string>& command) const {
  const std::optional<Stat> stat = ReadStat(pid);
  return stat.has_value() && stat->state != 'Z' && ReadArguments(pid) == command &&
         SharesNamespace(pid, "pid");
}

std::optional<WallTime> ProcessTable::StartTimeOf(pid_t pid) const {
  const std::optional<Stat> stat = ReadStat(pid);
  timespec since_boot;
  if (!stat.has_value() || clock_gettime(CLOCK_BOOTTIME, &since_boot) != 0) return std::nullopt;
  using std::chrono::nanoseconds;
  using std::chrono::seconds;
  const nanoseconds a_tick = nanoseconds(seconds(1)) / sysconf(_SC_CLK_TCK);
  const nanoseconds age = seconds(since_boot.tv_sec) + nanoseconds(since_boot.tv_nsec) -
                          a_tick * static_cast<int64_t>(stat->start_time);
  return std::chrono::system_clock::now() - std::chrono::duration_cast<WallTime::duration>(age);
}

bool ProcessTable::IsRunning(const ProcessIdentity& identity) const {
  const std::optional<Stat> stat = ReadStat(identity.pid);
  return stat.has_value() && stat->state != 'Z' && stat->start_time == identity.start_time;
}

std::vector<std::string> ProcessTable::ReadArguments(pid_t pid) const {
  const std::string command_line = ReadFile(PathOf(pid, "cmdline"));
  return absl::StrSplit(absl::StripSuffix(command_line, absl::string_view("\0", 1)), '\0');
}

std::string ProcessTable::PathOf(pid_t pid, const char* file) const {
  return absl::StrCat(root_, "/", pid, "/", file);
}

std::optional<ProcessTable::Stat> ProcessTable::ReadStat(pid_t pid) const {
  const std::string content = ReadFile(PathOf(pid, "stat"));
  // The command name is in parentheses and may hold anything, parentheses and spaces too.
  const size_t name_end = content.rfind(") ");
  if (name_end == std::string::npos) return std::nullopt;
  const std::vector<absl::string_view> fields =
      absl::StrSplit(absl::string_view(content).substr(name_end + 2), ' ');
  Stat stat;
  if (fields.size() <= kStartTimeField || fields[kStateField].size() != 1) return std::nullopt;
  stat.state = fields[kStateField].front();
  if (!absl::SimpleAtoi(fields[kParentField], &stat.parent) ||
      !absl::SimpleAtoi(fields[kStartTimeField], &stat.start_time)) {
    return std::nullopt;
  }
  return stat;
}

bool ProcessTable::SharesNamespace(pid_t pid, const char* kind) const {
  const std::string ours = ReadLink(absl::StrCat(root_, "/self/ns/", kind));
  return !ours.empty() && ours == ReadLink(absl::StrCat(root_, "/", pid, "/ns/", kind));
}

bool ProcessTable::IsOpenvpn(pid_t pid, const std::vector<std::string>& arguments) const {
  if (BaseName(arguments.front()) == kProgramName) return true;
  const std::string program = ReadLink(PathOf(pid, "exe"));
  return BaseName(absl::StripSuffix(program, " (deleted)")) == kProgramName;
}

bool ProcessTable::Matches(pid_t pid, const std::vector<std::string>& arguments,
                           const ForeignQuery& query) const {
  const PathOrigin origin{.root = SharesNamespace(pid, "mnt") ? "" : PathOf(pid, "root"),
                          .directory = PathOf(pid, "cwd")};
  std::string cd;
  const auto runs_config = [&](absl::string_view path) {
    const std::vector<std::string> candidates = Resolve(path, origin, cd);
    return std::any_of(candidates.begin(), candidates.end(), [&](const std::string& candidate) {
      return SameFile(candidate, query.config_file);
    });
  };
  const auto has_socket = [&](absl::string_view path) {
    const std::vector<std::string> candidates = Resolve(path, origin, cd);
    return std::any_of(candidates.begin(), candidates.end(), [&](const std::string& candidate) {
      return SameLocation(candidate, query.management_socket);
    });
  };

  // "openvpn FILE" is short for "openvpn --config FILE".
  if (arguments.size() == 2 && !absl::StartsWith(arguments[1], "--")) {
    return runs_config(arguments[1]);
  }
  for (size_t i = 1; i + 1 < arguments.size(); ++i) {
    if (arguments[i] == "--cd") cd = arguments[i + 1];
    if (arguments[i] == "--config" && runs_config(arguments[i + 1])) return true;
    if (arguments[i] == "--management" && has_socket(arguments[i + 1])) return true;
  }
  return false;
}

}  // namespace ovpnbroker::ovpn
