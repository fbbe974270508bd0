// The command line of an instance's OpenVPN: what the broker needs, around the operator's
// configuration file. Pure; any thread.
#pragma once

#include <string>
#include <vector>

#include "ovpn/process/launcher.h"

namespace ovpnbroker::ovpn {

inline constexpr char kDefaultOpenvpnProgram[] = "/usr/sbin/openvpn";

struct OpenvpnCommandOptions {
  std::string program = kDefaultOpenvpnProgram;  // absolute path
  std::string config_file;                       // absolute path
  std::string working_directory;                 // absolute path; what relative paths in the
                                                 // configuration start from
  std::vector<std::string> management;       // arguments of --management without the password file:
                                             // {"/run/m.sock", "unix"} or {"127.0.0.1", "7505"}
  std::string management_password_file;      // absolute path; empty: no password
  std::vector<std::string> extra_arguments;  // from the operator, after ours
};

// The arguments after argv[0].
std::vector<std::string> BuildOpenvpnArguments(const OpenvpnCommandOptions& options);

// All that Launcher::Launch wants. `lock_fd` is inherited (see file_lock.h); -1: none.
LaunchOptions BuildOpenvpnLaunch(const OpenvpnCommandOptions& options, int lock_fd);

}  // namespace ovpnbroker::ovpn
