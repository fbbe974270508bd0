// The one table that turns what a policy said, or why it said nothing, into the Allow or Deny that
// OpenVPN gets. Pure functions; any thread.
//
//   verdict                       CONNECT                      REAUTH
//   Allow                         as it is                     as it is
//   Deny                          as it is                     as it is
//   Abstain                       plain deny                   keep_last, else plain deny
//   POLICY_FAILED, TIMEOUT,
//   UNAVAILABLE, OVERLOADED       failure_mode, else retry     keep_last, else as CONNECT
//   INVALID_VERDICT               retry                        keep_last, else retry
//   SHUTDOWN                      retry                        retry
//
// "retry" is a deny that asks the client to come back by itself. failure_mode covers only failures
// of the infrastructure: a policy that answered, even with a verdict that could not be used, was
// there to be asked. keep_last stands for "no verdict", never for a deny.
#pragma once

#include <optional>

#include "ovpn/base/clock.h"
#include "ovpn/types/auth_request.h"
#include "ovpn/types/verdict.h"
#include "policy/engine_options.h"

namespace ovpnbroker::policy {

// Why the answer is what it is.
enum class AnswerBasis {
  kNone,         // no answer was given: the decision was withdrawn
  kVerdict,      // the policy's own allow or deny
  kFailureRule,  // a deny, because there was no verdict
  kFailureMode,  // an allow, because failure_mode says so
  kAdmission,    // a deny of an allowed client: session limits, or no free address
  kBan,          // a deny, because the client is banned
  kKeptLast,     // an allow on REAUTH, because the session's last allow is young enough
};

struct Ruling {
  // What OpenVPN gets instead of the verdict, an Allow or a Deny; nullopt: the verdict as it is.
  std::optional<ovpn::Verdict> instead;
  AnswerBasis basis;

  // `verdict` is the one that the rules were applied to.
  const ovpn::Verdict& AnswerTo(const ovpn::Verdict& verdict) const {
    return instead.has_value() ? *instead : verdict;
  }
};

// `last_allow_age`: time since the session's policy last allowed it and OpenVPN took it; nullopt
// when that never happened. `may_admit`: false when nothing but an allow is to let the client in;
// failure_mode and keep_last are not for it then.
Ruling ApplyFailureRules(ovpn::AuthKind kind, const ovpn::Verdict& verdict,
                         std::optional<ovpn::Duration> last_allow_age,
                         const FailureOptions& options, bool may_admit = true);

// The deny that asks the client to come back, for `cause`. It holds no text but ours, so that it
// can always be written.
ovpn::Deny RetryDeny(ovpn::FailureCause cause, const FailureOptions& options);

// "VERDICT", "FAILURE_MODE", ...
absl::string_view ToString(AnswerBasis basis);

}  // namespace ovpnbroker::policy
