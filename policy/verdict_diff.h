// Two verdicts compared field by field, for shadow policies and replays. Pure; any thread.
#pragma once

#include <string>
#include <vector>

#include "ovpn/types/verdict.h"

namespace ovpnbroker::policy {

// One field that differs. An empty value: this verdict does not have the field.
struct FieldDifference {
  std::string field;  // as in a verdict's violations: "allow.config.routes[3]", "deny.reason"
  std::string enforced;
  std::string candidate;
  bool operator==(const FieldDifference&) const = default;
};

// More differences than this are counted in a last entry of the field "...".
inline constexpr size_t kMaxFieldDifferences = 32;

// Empty when both say the same. Text that could be a secret (pushed options, raw directives, what a
// challenge asks) is compared, and shown as its first word at most.
std::vector<FieldDifference> DiffVerdicts(const ovpn::Verdict& enforced,
                                          const ovpn::Verdict& candidate);

}  // namespace ovpnbroker::policy
