// type.v1.ClientConfig, written by a policy, as ovpn::ClientConfig. Pure; any thread.
#pragma once

#include <vector>

#include "absl/strings/string_view.h"
#include "ovpn/types/client_config.h"
#include "ovpn/types/verdict.h"
#include "ovpnbroker/type/v1/client_config.pb.h"

namespace ovpnbroker::policy {

// Reads what it can and appends one violation for each field that it cannot, with its path below
// `path` ("allow.config" gives "allow.config.routes[3].destination"). Without `raw_directives` any
// of them is a violation.
ovpn::ClientConfig ClientConfigFromProto(const type::v1::ClientConfig& message,
                                         absl::string_view path, bool raw_directives,
                                         std::vector<ovpn::FieldViolation>& violations);

}  // namespace ovpnbroker::policy
