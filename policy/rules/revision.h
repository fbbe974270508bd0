// Tells one version of a policy's files from another, in records. Pure; any thread.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace ovpnbroker::policy {

// 16 hexadecimal digits of `content` (FNV-1a, 64 bits). It is no proof of content.
std::string RevisionOf(absl::string_view content);

}  // namespace ovpnbroker::policy
