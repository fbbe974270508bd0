// Reads the broker's configuration: YAML to BrokerConfig, with defaults filled in, paths made
// absolute and everything checked that can be checked without starting anything. Used by the daemon
// at start and at reload and by `ovpn-brokerctl check-config`. Blocking file reads; any thread.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "ovpnbroker/config/v1/broker_config.pb.h"
#include "server/config/finding.h"

namespace ovpnbroker::server {

// Largest configuration file.
inline constexpr size_t kMaxConfigBytes = size_t{1} << 20;

// Exit codes of both programs.
inline constexpr int kExitOk = 0;
inline constexpr int kExitFailure = 1;  // something failed at run time
inline constexpr int kExitUsage = 2;    // wrong arguments, or a configuration with errors

struct LoadedConfig {
  config::v1::BrokerConfig config;  // complete only without errors
  ConfigPlaces places;
  std::vector<Finding> findings;

  bool ok() const { return !HasErrors(findings); }
};

// Everything: reads the file, maps it, checks it together with the files it names (config_check.h).
LoadedConfig LoadConfig(const std::string& path);

// The part that reads no files: `yaml` with defaults. `file` is for messages, `directory`
// (absolute) is where relative paths start.
LoadedConfig ParseConfig(absl::string_view yaml, const std::string& file,
                         const std::string& directory);

}  // namespace ovpnbroker::server
