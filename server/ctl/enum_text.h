// Enum values in tables: the word without its prefix, coloured by what it means for an operator.
#pragma once

#include <string>
#include <vector>

#include "ovpnbroker/admin/v1/instance_service.pb.h"
#include "ovpnbroker/admin/v1/kill.pb.h"
#include "ovpnbroker/admin/v1/policy_admin_service.pb.h"
#include "ovpnbroker/type/v1/session.pb.h"
#include "server/ctl/table.h"

namespace ovpnbroker::ctl {

Cell StateCell(type::v1::Session::State state);
Cell StateCell(admin::v1::Instance::State state);
Cell StateCell(admin::v1::PolicyReplica::State state);
// Of admin.v1.Decision.
Cell DecisionResultCell(const std::string& result);
Cell OutcomeCell(admin::v1::KillResult::Outcome outcome);

// What options of these kinds take, in lower case: "pending_auth", "policy_failed".
std::vector<std::string> SessionStateNames();
std::vector<std::string> DecisionResultNames();

}  // namespace ovpnbroker::ctl
