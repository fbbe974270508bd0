// The reply to `help` on a pass-through socket. Pure; any thread.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace ovpnbroker::ovpn {

// In the form of OpenVPN's own help: whole lines up to END. `title` is its version text.
std::string ToolHelp(absl::string_view title);

}  // namespace ovpnbroker::ovpn
