// An OpenVPN client-config-dir as rules: each file is the rule of one common name. Blocking; any
// thread.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "policy/rules/rule_set.h"

namespace ovpnbroker::policy {

inline constexpr size_t kMaxCcdFiles = 100'000;
inline constexpr size_t kMaxCcdBytes = size_t{64} << 20;  // of all files together

// Reads every file of the folder `path`. A common name without a file gets the file DEFAULT, and
// plain access when there is none either; `exclusive` denies it. A client without a common name is
// denied. Folders whose name begins with a dot are passed over. The status has one line
// "file:line: directive: message" for each error.
absl::StatusOr<std::shared_ptr<const RuleSet>> LoadCcdFolder(const std::string& path,
                                                             bool exclusive);

}  // namespace ovpnbroker::policy
