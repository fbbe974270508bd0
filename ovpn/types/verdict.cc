#include "ovpn/types/verdict.h"

#include <type_traits>

namespace ovpnbroker::ovpn {

absl::string_view ToString(FailureCause cause) {
  switch (cause) {
    case FailureCause::kPolicyFailed:
      return "POLICY_FAILED";
    case FailureCause::kTimeout:
      return "TIMEOUT";
    case FailureCause::kUnavailable:
      return "UNAVAILABLE";
    case FailureCause::kOverloaded:
      return "OVERLOADED";
    case FailureCause::kInvalidVerdict:
      return "INVALID_VERDICT";
    case FailureCause::kShutdown:
      return "SHUTDOWN";
  }
  return "UNKNOWN";
}

absl::string_view VerdictName(const Verdict& verdict) {
  static constexpr absl::string_view kNames[] = {"ALLOW", "DENY", "ABSTAIN", "FAILURE",
                                                 "PENDING_AUTH"};
  static_assert(std::size(kNames) == std::variant_size_v<Verdict>);
  return kNames[verdict.index()];
}

}  // namespace ovpnbroker::ovpn
