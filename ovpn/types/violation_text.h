// What is wrong with a verdict, in one line for people. Pure; any thread.
#pragma once

#include <string>
#include <vector>

#include "ovpn/types/verdict.h"

namespace ovpnbroker::ovpn {

// "FIELD: DESCRIPTION; FIELD: DESCRIPTION"; empty when there are none.
std::string JoinViolations(const std::vector<FieldViolation>& violations);

}  // namespace ovpnbroker::ovpn
