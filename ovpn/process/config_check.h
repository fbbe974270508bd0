// Reads an OpenVPN server configuration as OpenVPN would and tells what in it does not go with the
// broker, with file and line, before the child is started with it. Blocking file reads; called when
// the broker loads its configuration and before a spawn.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "ovpn/process/own_pools.h"

namespace ovpnbroker::ovpn {

struct ConfigFinding {
  enum class Severity {
    kError,    // the instance must not be started
    kWarning,  // it works, perhaps not as meant
  };
  Severity severity = Severity::kError;
  std::string file;
  int line = 0;  // from 1; 0: about the configuration as a whole
  std::string directive;
  std::string message;  // what is wrong and what to do

  // "/etc/openvpn/office.conf:12: client-connect: ..."
  std::string ToString() const;
  bool operator==(const ConfigFinding&) const = default;
};

// OpenVPN's own defaults (2.6).
inline constexpr int kDefaultHandWindowSeconds = 60;
inline constexpr int kDefaultRenegSeconds = 3600;
inline constexpr int kDefaultStatusVersion = 1;
inline constexpr int kDefaultVerbosity = 1;

struct OpenvpnConfigSummary {
  std::vector<ConfigFinding> findings;  // in the order of the files' lines, then the whole

  int hand_window_seconds = kDefaultHandWindowSeconds;
  int reneg_seconds = kDefaultRenegSeconds;    // 0: no renegotiation by time
  std::string dev;                             // "tun", "tun0", "tap", ...; empty if not set
  std::string proto;                           // as written; empty: OpenVPN's default (udp)
  std::string topology;                        // as written; empty: OpenVPN's default
  std::optional<int> explicit_exit_notify;     // its argument (1 without one)
  int status_version = kDefaultStatusVersion;  // the format of `status`
  int verbosity = kDefaultVerbosity;
  bool has_keepalive = false;
  bool duplicate_cn = false;
  bool username_as_common_name = false;
  bool auth_user_pass_optional = false;
  bool client_certificate_required = true;  // verify-client-cert require, OpenVPN's default
  bool auth_gen_token = false;
  std::string client_config_dir;   // as written; empty if not set
  std::vector<OwnPool> own_pools;  // what OpenVPN hands out by itself

  bool ok() const;  // no finding is an error
};

// `config_file`: absolute path. `working_directory`: the child's; relative `config` directives are
// found from there. A file that cannot be read is a finding like any other.
OpenvpnConfigSummary CheckOpenvpnConfig(const std::string& config_file,
                                        const std::string& working_directory);

}  // namespace ovpnbroker::ovpn
