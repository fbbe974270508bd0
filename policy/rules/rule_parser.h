// Reads the rules file (YAML; deploy/config/rules.example.yaml shows every key). All errors are
// told at once, each with its place and the nearest known name. Any thread.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "policy/rules/rule_set.h"

namespace ovpnbroker::policy {

// Limits of a rules file.
inline constexpr size_t kMaxRulesFileBytes = size_t{4} << 20;
inline constexpr size_t kMaxRules = 10'000;
inline constexpr size_t kMaxListItems = 1'000;
inline constexpr size_t kMaxValueBytes = 1'024;
inline constexpr size_t kMaxGroups = 1'000;
inline constexpr size_t kMaxGroupFileBytes = size_t{16} << 20;
inline constexpr size_t kMaxRuleErrors = 100;  // further ones are only counted
// A valid file nests seven deep. Aliases are refused: they make a small file mean a large one.
inline constexpr int kMaxRulesNesting = 16;

struct RuleError {
  int line = 0;  // from 1; 0: the file as a whole
  int column = 0;
  std::string path;  // "rules[2].match.real_address[0]"; empty at the top
  std::string message;
  std::string file = {};  // that the rules file names, such as a group's; empty: the rules file
  bool operator==(const RuleError&) const = default;
};

// One line "file:line:column: path: message" for each; `file_name` stands where an error has no
// file.
std::string FormatRuleErrors(const std::vector<RuleError>& errors, absl::string_view file_name);

// What the rules file may refer to.
struct RuleReferences {
  // Reads a group's file of this name, at most `max_bytes`. Not set: group files are refused.
  std::function<absl::StatusOr<std::string>(const std::string& name, size_t max_bytes)> read_file =
      nullptr;
  // Names that `pool` may have; nullopt: any.
  std::optional<std::vector<std::string>> pools = std::nullopt;
};

struct RuleParseResult {
  std::shared_ptr<const RuleSet> rules;  // null exactly when there are errors
  std::vector<RuleError> errors;         // in order of the file
};

// Parses `text`, which need not be valid in any way.
RuleParseResult ParseRules(absl::string_view text, const RuleReferences& references = {});

// As ParseRules; the status has one line "file:line:column: path: message" for each error.
absl::StatusOr<std::shared_ptr<const RuleSet>> ParseRules(absl::string_view text,
                                                          absl::string_view file_name,
                                                          const RuleReferences& references = {});
// Reads and parses a file, and the group files it names (relative to its own folder). NOT_FOUND,
// PERMISSION_DENIED, ... when it cannot be read. `pools` as in RuleReferences.
absl::StatusOr<std::shared_ptr<const RuleSet>> LoadRules(
    const std::string& path, std::optional<std::vector<std::string>> pools = std::nullopt);

}  // namespace ovpnbroker::policy
