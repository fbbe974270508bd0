// A policy author's own cases: this client gets that verdict with these fields. Read from YAML;
// every error names file, line and column. Any thread.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/policy_check/contract.h"
#include "server/policy_check/dialogue.h"

namespace ovpnbroker::policy_check {

// Largest file of cases.
inline constexpr size_t kMaxCasesBytes = size_t{1} << 20;

struct Case {
  std::string place;  // "cases.yaml:3:5"
  std::string name;
  policy::v1::DecisionRequest question;  // without id and timeout
  bool with_password = false;
  std::string verdict;  // the arm of Decision: "allow"
  // Path in Decision ("allow.config.dns[0]") and its value as text.
  std::vector<std::pair<std::string, std::string>> fields;
};

struct CaseFile {
  std::vector<Case> cases;
  std::vector<std::string> errors;  // "cases.yaml:3:5: ..."
};

CaseFile ParseCases(absl::string_view yaml, const std::string& file);

// The value at `path` of `message` as text; nullopt where nothing is set. Enum values by name,
// durations field by field (`seconds`).
std::optional<std::string> ValueAt(const google::protobuf::Message& message,
                                   absl::string_view path);

Outcome RunCase(const Case& one, const Target& target);

}  // namespace ovpnbroker::policy_check
