// A verdict as the Decision that a policy would have sent: what VerdictFromProto reads back. For
// recordings. Pure; any thread.
#pragma once

#include "ovpn/types/verdict.h"
#include "ovpnbroker/policy/v1/decision.pb.h"

namespace ovpnbroker::policy {

// Without decision_id and policy_revision. Text that is not UTF-8 is made so.
v1::Decision VerdictToProto(const ovpn::Verdict& verdict);

}  // namespace ovpnbroker::policy
