// Protobuf strings are UTF-8 and OpenVPN's values are bytes. One invalid byte in a `string` field
// makes a Python policy refuse the whole message, so every string that a client can influence passes
// through here. Pure; any thread.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace ovpnbroker::policy {

// `bytes` with each byte that is not part of well-formed UTF-8 (RFC 3629) replaced by U+FFFD.
std::string ToUtf8(absl::string_view bytes);

}  // namespace ovpnbroker::policy
