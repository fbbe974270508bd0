// What a run found, for people and for CI. Pure; any thread.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "server/policy_check/contract.h"

namespace ovpnbroker::policy_check {

struct Line {
  std::string name;      // "5 verdicts", "case: alice gets in"
  std::string expected;  // what should be
  std::string fix;       // what to do when it is not; may be empty
  Outcome outcome;
  std::chrono::milliseconds duration{0};
};

// One line a rule, and for a failure what was expected, what came and how to mend it. Bytes of the
// policy's that a terminal would act on are escaped.
std::string ToText(const Line& line);

std::string ToJunit(const std::vector<Line>& lines);

}  // namespace ovpnbroker::policy_check
