// From the configuration to the values that ovpn/ works with. Reads the files that an
// instance's entry names (OpenVPN configuration for its hand-window, management password); called
// by the broker at start.
#pragma once

#include <optional>

#include "absl/status/statusor.h"
#include "ovpn/base/secret.h"
#include "ovpn/instance/instance_config.h"
#include "ovpn/management/client_auth_block.h"
#include "ovpnbroker/config/v1/broker_config.pb.h"

namespace ovpnbroker::server {

struct InstanceParts {
  ovpn::InstanceConfig config;
  ovpn::DirectivePolicy allowed_raw;
  std::optional<ovpn::Secret> management_password;
  // By what OpenVPN replaces a client's old session, as its file and the arguments say.
  bool duplicate_cn = false;
  bool username_as_common_name = false;
};

ovpn::AddressMismatch ToMismatch(config::v1::AddressMismatch mismatch);

// `config`, an instance of `broker`, has passed the configuration check. Errors are about files
// that changed since, and name them.
absl::StatusOr<InstanceParts> MakeInstanceParts(const config::v1::InstanceConfig& config,
                                                const config::v1::BrokerConfig& broker);

}  // namespace ovpnbroker::server
