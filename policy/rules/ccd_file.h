// One file of an OpenVPN client-config-dir, read as what a rule does. What it says is carried over
// or refused with its line, never dropped. Pure; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "policy/rules/rule_parser.h"
#include "policy/rules/rule_set.h"

namespace ovpnbroker::policy {

inline constexpr size_t kMaxCcdFileBytes = size_t{256} << 10;
// With its newline; OpenVPN reads no longer ones (OPTION_LINE_SIZE).
inline constexpr size_t kMaxCcdLineBytes = 255;

struct CcdFile {
  RuleEffect effect;  // incomplete after an error
  RuleOrigin origin;
};

// `file` names the file in the origin and in the errors, which are added to `errors`, all at once.
// `text` need not be valid in any way.
CcdFile ParseCcdFile(absl::string_view text, const std::string& file,
                     std::vector<RuleError>& errors);

}  // namespace ovpnbroker::policy
