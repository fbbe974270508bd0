#include "ovpn/process/openvpn_command.h"

namespace ovpnbroker::ovpn {
namespace {

// OpenVPN runs ip(8) and user scripts by name; nothing of the broker's own environment is handed
// on.
constexpr char kChildPath[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

}  // namespace

std::vector<std::string> BuildOpenvpnArguments(const OpenvpnCommandOptions& options) {
  // OpenVPN reads its command line from left to right. The output format comes first, so that an
  // error in the configuration is already told in it; the management options come last, so that
  // they have the last word.
  std::vector<std::string> arguments = {"--machine-readable-output", "--config",
                                        options.config_file, "--management"};
  arguments.insert(arguments.end(), options.management.begin(), options.management.end());
  if (!options.management_password_file.empty()) {
    arguments.push_back(options.management_password_file);
  }
  arguments.insert(arguments.end(), {"--management-hold", "--management-client-auth"});
  arguments.insert(arguments.end(), options.extra_arguments.begin(), options.extra_arguments.end());
  return arguments;
}

LaunchOptions BuildOpenvpnLaunch(const OpenvpnCommandOptions& options, int lock_fd) {
  LaunchOptions launch;
  launch.program = options.program;
  launch.arguments = BuildOpenvpnArguments(options);
  launch.environment = {kChildPath};
  launch.working_directory = options.working_directory;
  if (lock_fd >= 0) launch.inherited_fds = {lock_fd};
  return launch;
}

}  // namespace ovpnbroker::ovpn
