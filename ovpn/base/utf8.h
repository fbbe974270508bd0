// Bytes from the network and UTF-8: where text stops being valid, and how to show it all the same.
// Any thread.
#pragma once

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

namespace ovpnbroker::ovpn {

// Length of the longest prefix that is valid UTF-8 (RFC 3629: no surrogates, no overlong forms).
size_t ValidUtf8Prefix(absl::string_view bytes);

inline bool IsValidUtf8(absl::string_view bytes) { return ValidUtf8Prefix(bytes) == bytes.size(); }

// `bytes` with each byte that is not part of valid UTF-8 replaced by U+FFFD.
std::string ReplaceInvalidUtf8(absl::string_view bytes);

}  // namespace ovpnbroker::ovpn
