// What a client-config-dir file pushes, as the typed fields of a ClientConfig. Pure; any thread.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ovpn/types/client_config.h"

namespace ovpnbroker::policy {

// Adds the argument of `push` to `config` and returns the field that it went to: "routes[3]".
// Routes, name servers, search domains and redirect-gateway have fields of their own; everything
// else goes to `push_options` as it stands. INVALID_ARGUMENT says what a client could not read.
absl::StatusOr<std::string> AddCcdPush(absl::string_view option, ovpn::ClientConfig& config);

}  // namespace ovpnbroker::policy
