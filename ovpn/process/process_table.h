// Looks for OpenVPN processes in /proc: which of them run a given configuration. Reads files only.
// Loop thread only (a scan takes about a millisecond per hundred processes).
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ovpn/base/clock.h"

namespace ovpnbroker::ovpn {

// A process, told from a later one with the same pid by its start time.
struct ProcessIdentity {
  pid_t pid = -1;
  uint64_t start_time = 0;  // field 22 of /proc/PID/stat, clock ticks since boot
  bool operator==(const ProcessIdentity&) const = default;
};

struct ForeignProcess {
  ProcessIdentity identity;
  std::string command;  // its arguments, for the log
};

struct ForeignQuery {
  std::string config_file;        // absolute path
  std::string management_socket;  // absolute path
  pid_t broker_pid = -1;          // its children are not foreign
};

class ProcessTable {
 public:
  explicit ProcessTable(std::string proc_root) : root_(std::move(proc_root)) {}

  // The OpenVPN processes that were started with this configuration file (the same file, however
  // its path is written) or this management socket. Paths of a process with a mount namespace of
  // its own, as systemd's sandboxed services have, are followed from its root. Not looked at:
  // processes of another pid namespace, zombies, and children of the broker.
  std::vector<ForeignProcess> FindForeignOpenvpn(const ForeignQuery& query) const;

  // True when the running process `pid` has exactly this command line and lives in our pid
  // namespace. Its mount namespace may be another: a sandboxed service gets a new one at each
  // start.
  bool RunsCommand(pid_t pid, const std::vector<std::string>& command) const;

  // When it was started, give or take a hundredth of a second; nullopt when there is no such
  // process.
  std::optional<WallTime> StartTimeOf(pid_t pid) const;

  // True while this very process exists (a zombie does not).
  bool IsRunning(const ProcessIdentity& identity) const;

 private:
  struct Stat {
    char state = 0;
    pid_t parent = -1;
    uint64_t start_time = 0;
  };

  std::vector<std::string> ReadArguments(pid_t pid) const;
  std::string PathOf(pid_t pid, const char* file) const;
  std::optional<Stat> ReadStat(pid_t pid) const;
  // `kind`: "mnt" or "pid".
  bool SharesNamespace(pid_t pid, const char* kind) const;
  bool IsOpenvpn(pid_t pid, const std::vector<std::string>& arguments) const;
  bool Matches(pid_t pid, const std::vector<std::string>& arguments,
               const ForeignQuery& query) const;

  std::string root_;
};

}  // namespace ovpnbroker::ovpn
