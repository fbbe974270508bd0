// The contexts file: which brokers its owner works with, and which one is current.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "ovpnbroker/config/v1/cli_contexts.pb.h"

namespace ovpnbroker::ctl {

// OVPN_BROKER_CONTEXTS; else ovpn-broker/contexts.yaml in XDG_CONFIG_HOME or ~/.config. Empty
// without a home.
std::string ContextsPath();

// No contexts when there is no file. Refused with all errors and their places, and when somebody
// else than its owner, who is the caller or root, could have written it.
absl::StatusOr<config::v1::CliContexts> ReadContexts(const std::string& path);

// Replaces the file; makes its directory. For its owner only.
absl::Status WriteContexts(const std::string& path, const config::v1::CliContexts& contexts);

// The context, or an error that names the nearest one.
absl::StatusOr<config::v1::CliContext> FindContext(const config::v1::CliContexts& contexts,
                                                   const std::string& name);

}  // namespace ovpnbroker::ctl
