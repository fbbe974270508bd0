// What one instance is: the values of `instances[]` in the configuration, already checked, plus
// what the broker derived from the OpenVPN configuration. Plain value, fixed for the life of an
// Instance.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ovpn/base/clock.h"
#include "ovpn/base/log.h"
#include "ovpn/instance/passthrough_config.h"
#include "ovpn/management/management_address.h"
#include "ovpn/process/restart_policy.h"

namespace ovpnbroker::ovpn {

// What to do when a client's addresses are not the ones its verdict asked for.
enum class AddressMismatch { kKill, kTolerate };

struct InstanceConfig {
  explicit InstanceConfig(ManagementAddress address) : management(std::move(address)) {}

  std::string name;

  std::string openvpn;            // absolute path of the binary
  std::string openvpn_config;     // absolute path of its configuration
  std::string working_directory;  // of the child; absolute
  std::vector<std::string> extra_arguments;
  LogLevel openvpn_log_level = LogLevel::kDebug;  // OpenVPN's own lines below it are left out
  std::string runtime_directory;  // for the lock and the management socket; absolute, 0700

  ManagementAddress management;
  std::string management_password_file;  // empty: no password
  std::chrono::seconds bytecount_interval{5};
  Duration reply_timeout = std::chrono::seconds(10);

  RestartOptions restart;
  Duration start_timeout = std::chrono::seconds(30);  // from launch to the management greeting
  Duration stop_timeout = std::chrono::seconds(10);   // from SIGTERM to SIGKILL

  bool prompt_verdict = true;
  std::chrono::seconds hand_window{60};       // OpenVPN's, which bounds how long a client waits
  std::chrono::seconds reneg_interval{3600};  // OpenVPN's reneg-sec; 0: no renegotiation by time
  AddressMismatch address_mismatch = AddressMismatch::kKill;

  std::optional<PassthroughConfig> passthrough;
};

}  // namespace ovpnbroker::ovpn
