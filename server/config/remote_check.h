// How a remote policy is reached and trusted, as configured: what would be refused, and what to do
// about it. Reads the PEM files; any thread.
#pragma once

#include <string>
#include <vector>

#include "ovpn/base/clock.h"
#include "ovpnbroker/config/v1/policy_config.pb.h"

namespace ovpnbroker::server {

struct RemoteProblem {
  std::string field;  // below the RemoteConfig: "addresses[0]", "tls.key"
  std::string message;
  bool is_warning = false;
};

std::vector<RemoteProblem> CheckRemoteSecurity(const config::v1::RemoteConfig& remote,
                                               ovpn::WallTime now);

}  // namespace ovpnbroker::server
