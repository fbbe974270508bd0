#include "server/ctl/enum_text.h"

#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/strip.h"
#include "policy/decision_record.h"

namespace ovpnbroker::ctl {
namespace {

using admin::v1::Instance;
using admin::v1::KillResult;
using admin::v1::PolicyReplica;
using type::v1::Session;

std::string Without(absl::string_view prefix, absl::string_view name) {
  return std::string(absl::StripPrefix(name, prefix));
}

}  // namespace

Cell StateCell(Session::State state) {
  const std::string text = Without("STATE_", Session::State_Name(state));
  switch (state) {
    case Session::STATE_ESTABLISHED:
      return Cell(text, Color::kGood);
    case Session::STATE_ENDING:
    case Session::STATE_UNJUDGED:
      return Cell(text, Color::kWarning);
    default:
      return Cell(text);
  }
}

Cell StateCell(Instance::State state) {
  const std::string text = Without("STATE_", Instance::State_Name(state));
  switch (state) {
    case Instance::STATE_RUNNING:
      return Cell(text, Color::kGood);
    case Instance::STATE_BACKOFF:
    case Instance::STATE_DETACHED:
      return Cell(text, Color::kWarning);
    case Instance::STATE_FAILED:
      return Cell(text, Color::kBad);
    default:
      return Cell(text);
  }
}

Cell StateCell(PolicyReplica::State state) {
  const std::string text = Without("STATE_", PolicyReplica::State_Name(state));
  switch (state) {
    case PolicyReplica::STATE_READY:
      return Cell(text, Color::kGood);
    case PolicyReplica::STATE_BACKOFF:
      return Cell(text, Color::kBad);
    default:
      return Cell(text, Color::kWarning);
  }
}

Cell OutcomeCell(KillResult::Outcome outcome) {
  const std::string text = Without("OUTCOME_", KillResult::Outcome_Name(outcome));
  switch (outcome) {
    case KillResult::OUTCOME_DISCONNECTED:
      return Cell(text, Color::kGood);
    case KillResult::OUTCOME_FAILED:
      return Cell(text, Color::kBad);
    default:
      return Cell(text, Color::kWarning);
  }
}

Cell DecisionResultCell(const std::string& result) {
  if (result == "ALLOWED") return {result, Color::kGood};
  if (result == "WITHDRAWN" || result == "OPEN") return {result};
  if (result == "DENIED" || result == "ABSTAINED") return {result, Color::kWarning};
  return {result, Color::kBad};
}

std::vector<std::string> SessionStateNames() {
  std::vector<std::string> names;
  const auto& states = *Session::State_descriptor();
  // The first is STATE_UNSPECIFIED.
  for (int i = 1; i < states.value_count(); ++i) {
    names.push_back(absl::AsciiStrToLower(Without("STATE_", states.value(i)->name())));
  }
  return names;
}

std::vector<std::string> DecisionResultNames() {
  std::vector<std::string> names;
  names.reserve(policy::kDecisionResultCount);
  for (size_t i = 0; i < policy::kDecisionResultCount; ++i) {
    names.push_back(
        absl::AsciiStrToLower(policy::ToString(static_cast<policy::DecisionResult>(i))));
  }
  return names;
}

}  // namespace ovpnbroker::ctl
