#include "policy/rules/rule_parser.h"

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "ovpn/base/atomic_file.h"
#include "ovpn/base/status_macros.h"
#include "ovpn/base/suggest.h"
#include "policy/rules/client_config_reader.h"
#include "policy/rules/match_reader.h"
#include "policy/rules/revision.h"
#include "policy/rules/yaml_reader.h"

namespace ovpnbroker::policy {
namespace {

constexpr std::chrono::seconds kMaxRetryBackoff{86'400};  // as RetryHint

ovpn::RetryHint ReadRetry(YamlReader& reader, const YamlValue& value) {
  ovpn::RetryHint retry;
  const auto read_backoff = [&](const YamlValue& v) {
    retry.backoff = ReadSeconds(reader, v, kMaxRetryBackoff).value_or(retry.backoff);
  };
  if (!value.node.IsMap()) {
    read_backoff(value);
    return retry;
  }
  reader.ReadMap(value, {{"backoff", read_backoff}, {"advance", [&](const YamlValue& v) {
                                                       retry.advance =
                                                           reader.ReadBool(v).value_or(false);
                                                     }}});
  return retry;
}

ovpn::Deny ReadDeny(YamlReader& reader, const YamlValue& value) {
  ovpn::Deny deny;
  const auto text = [&reader](std::string& field) {
    return [&reader, &field](const YamlValue& v) { field = reader.ReadString(v).value_or(""); };
  };
  reader.ReadMap(value,
                 {{"reason", text(deny.reason)},
                  {"client_reason", text(deny.client_reason)},
                  {"code", text(deny.code)},
                  {"retry", [&](const YamlValue& v) { deny.retry = ReadRetry(reader, v); }}});
  return deny;
}

// What the rules of one file refer to.
struct Context {
  Groups groups;
  const std::vector<std::string>* pools;  // null: any
};

Rule ReadRule(YamlReader& reader, const YamlValue& value, const Context& context) {
  Rule rule;
  int effects = 0;
  const bool is_map = reader.ReadMap(
      value,
      {{"name",
        [&](const YamlValue& v) {
          rule.name = reader.ReadString(v).value_or("");
          if (rule.name.empty()) reader.AddError(v, "the name is empty");
        }},
       {"match", [&](const YamlValue& v) { rule.match = ReadMatch(reader, v, context.groups); }},
       {"allow",
        [&](const YamlValue& v) {
          ++effects;
          rule.effect = ReadAllow(reader, v, context.pools);
        }},
       {"deny", [&](const YamlValue& v) {
          ++effects;
          rule.effect = ReadDeny(reader, v);
        }}});
  if (is_map && effects != 1) {
    reader.AddError(value, "a rule needs exactly one of 'allow' and 'deny'");
  }
  if (rule.name.empty()) rule.name = value.path;
  if (auto* deny = std::get_if<ovpn::Deny>(&rule.effect); deny != nullptr && deny->reason.empty()) {
    deny->reason = absl::StrCat("denied by rule '", rule.name, "'");
  }
  return rule;
}

// Appends the content of files that the rules name to `content`.
std::vector<Rule> ReadRules(YamlReader& reader, const YamlValue& document,
                            const RuleReferences& references, std::string& content) {
  // Groups may stand below the rules that use them.
  std::optional<YamlValue> groups;
  std::optional<YamlValue> list;
  const bool is_map =
      reader.ReadMap(document, {{"groups", [&](const YamlValue& v) { groups.emplace(v); }},
                                {"rules", [&](const YamlValue& v) { list.emplace(v); }}});
  if (is_map && !list.has_value()) reader.AddError(document, "'rules' is missing");
  Context context;
  context.pools = references.pools.has_value() ? &*references.pools : nullptr;
  if (groups.has_value()) context.groups = ReadGroups(reader, *groups, references, content);
  std::vector<Rule> rules;
  if (!list.has_value()) return rules;
  absl::flat_hash_set<std::string> names;
  reader.ReadList(*list, kMaxRules, [&](const YamlValue& item) {
    rules.push_back(ReadRule(reader, item, context));
    if (!names.insert(rules.back().name).second) {
      reader.AddError(item,
                      absl::StrCat("another rule is named '", rules.back().name, "' already"));
    }
  });
  return rules;
}

}  // namespace

std::string FormatRuleErrors(const std::vector<RuleError>& errors, absl::string_view file_name) {
  std::string text;
  for (const RuleError& error : errors) {
    absl::StrAppend(
        &text, text.empty() ? "" : "\n",
        ovpn::FormatPlace(error.file.empty() ? file_name : absl::string_view(error.file),
                          error.line, error.column),
        ": ", error.path, error.path.empty() ? "" : ": ", error.message);
  }
  return text;
}

RuleParseResult ParseRules(absl::string_view text, const RuleReferences& references) {
  YamlReader reader;
  std::vector<Rule> rules;
  std::string content(text);
  try {
    if (const std::optional<YamlValue> document = reader.Parse(text)) {
      rules = ReadRules(reader, *document, references, content);
    }
  } catch (const YAML::Exception& error) {
    reader.AddError({YAML::Node(), ""}, error.msg);
  }
  if (reader.has_errors()) return {nullptr, reader.TakeErrors()};
  return {std::make_shared<const RuleSet>(std::move(rules), RevisionOf(content)), {}};
}

absl::StatusOr<std::shared_ptr<const RuleSet>> ParseRules(absl::string_view text,
                                                          absl::string_view file_name,
                                                          const RuleReferences& references) {
  RuleParseResult result = ParseRules(text, references);
  if (result.rules != nullptr) return std::move(result.rules);
  return absl::InvalidArgumentError(FormatRuleErrors(result.errors, file_name));
}

absl::StatusOr<std::shared_ptr<const RuleSet>> LoadRules(
    const std::string& path, std::optional<std::vector<std::string>> pools) {
  // A file that is too large is told by ParseRules as well; reading stops here.
  ASSIGN_OR_RETURN(const std::string text, ovpn::ReadWholeFile(path, kMaxRulesFileBytes));
  RuleReferences references;
  references.pools = std::move(pools);
  references.read_file = [&path](const std::string& name, size_t max_bytes) {
    // An absolute name stands for itself.
    const std::filesystem::path file = std::filesystem::path(path).parent_path() / name;
    return ovpn::ReadWholeFile(file.string(), max_bytes);
  };
  return ParseRules(text, path, references);
}

}  // namespace ovpnbroker::policy
