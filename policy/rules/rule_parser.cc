#include "policy/rules/rule_parser.h"

#include <cerrno>
#include <cstdint>
#include <fstream>
#include <string>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "ovpn/base/suggest.h"
#include "policy/rules/client_config_reader.h"
#include "policy/rules/yaml_reader.h"

namespace ovpnbroker::policy {
namespace {

// FNV-1a, 64 bits: tells one version of a file from another in records. It is no proof of content.
std::string RevisionOf(absl::string_view text) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3;
  }
  return absl::StrFormat("%016x", hash);
}

void ReadGlobs(YamlReader& reader, const YamlValue& value, std::vector<Glob>& globs) {
  reader.ReadOneOrMore(value, [&](const YamlValue& item) {
    const std::optional<std::string> text = reader.ReadString(item);
    if (!text.has_value()) return;
    absl::StatusOr<Glob> glob = Glob::Compile(*text);
    if (glob.ok()) {
      globs.push_back(*std::move(glob));
    } else {
      reader.AddError(item, glob.status().message());
    }
  });
}

RuleMatch ReadMatch(YamlReader& reader, const YamlValue& value) {
  RuleMatch match;
  const auto globs = [&reader](std::vector<Glob>& list) {
    return [&reader, &list](const YamlValue& v) { ReadGlobs(reader, v, list); };
  };
  reader.ReadMap(value, {{"common_name", globs(match.common_name)},
                         {"username", globs(match.username)},
                         {"real_address",
                          [&](const YamlValue& v) {
                            reader.ReadOneOrMore(v, [&](const YamlValue& item) {
                              if (const auto prefix = ReadPrefix(reader, item)) {
                                match.real_address.push_back(*prefix);
                              }
                            });
                          }},
                         {"platform", globs(match.platform)},
                         {"instance", globs(match.instance)},
                         {"username_matches_common_name", [&](const YamlValue& v) {
                            match.username_matches_common_name = reader.ReadBool(v).value_or(false);
                          }}});
  return match;
}

ovpn::Deny ReadDeny(YamlReader& reader, const YamlValue& value) {
  ovpn::Deny deny;
  const auto text = [&reader](std::string& field) {
    return [&reader, &field](const YamlValue& v) { field = reader.ReadString(v).value_or(""); };
  };
  reader.ReadMap(value, {{"reason", text(deny.reason)},
                         {"client_reason", text(deny.client_reason)},
                         {"code", text(deny.code)}});
  return deny;
}

Rule ReadRule(YamlReader& reader, const YamlValue& value) {
  Rule rule;
  int effects = 0;
  const bool is_map = reader.ReadMap(
      value, {{"name",
               [&](const YamlValue& v) {
                 rule.name = reader.ReadString(v).value_or("");
                 if (rule.name.empty()) reader.AddError(v, "the name is empty");
               }},
              {"match", [&](const YamlValue& v) { rule.match = ReadMatch(reader, v); }},
              {"allow",
               [&](const YamlValue& v) {
                 ++effects;
                 rule.effect = ovpn::Allow{ReadClientConfig(reader, v)};
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

std::vector<Rule> ReadRules(YamlReader& reader, const YamlValue& document) {
  std::vector<Rule> rules;
  absl::flat_hash_set<std::string> names;
  bool given = false;
  const bool is_map = reader.ReadMap(
      document, {{"rules", [&](const YamlValue& list) {
                    given = true;
                    reader.ReadList(list, kMaxRules, [&](const YamlValue& item) {
                      rules.push_back(ReadRule(reader, item));
                      if (!names.insert(rules.back().name).second) {
                        reader.AddError(item, absl::StrCat("another rule is named '",
                                                           rules.back().name, "' already"));
                      }
                    });
                  }}});
  if (is_map && !given) reader.AddError(document, "'rules' is missing");
  return rules;
}

std::string FormatErrors(const std::vector<RuleError>& errors, absl::string_view file_name) {
  std::string text;
  for (const RuleError& error : errors) {
    absl::StrAppend(&text, text.empty() ? "" : "\n",
                    ovpn::FormatPlace(file_name, error.line, error.column), ": ", error.path,
                    error.path.empty() ? "" : ": ", error.message);
  }
  return text;
}

}  // namespace

RuleParseResult ParseRules(absl::string_view text) {
  YamlReader reader;
  std::vector<Rule> rules;
  try {
    if (const std::optional<YamlValue> document = reader.Parse(text)) {
      rules = ReadRules(reader, *document);
    }
  } catch (const YAML::Exception& error) {
    reader.AddError({YAML::Node(), ""}, error.msg);
  }
  if (reader.has_errors()) return {nullptr, reader.TakeErrors()};
  return {std::make_shared<const RuleSet>(std::move(rules), RevisionOf(text)), {}};
}

absl::StatusOr<std::shared_ptr<const RuleSet>> ParseRules(absl::string_view text,
                                                          absl::string_view file_name) {
  RuleParseResult result = ParseRules(text);
  if (result.rules != nullptr) return std::move(result.rules);
  return absl::InvalidArgumentError(FormatErrors(result.errors, file_name));
}

absl::StatusOr<std::shared_ptr<const RuleSet>> LoadRules(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return absl::ErrnoToStatus(errno, absl::StrCat("cannot read ", path));
  // One byte more than a file may have, so that the parser sees a file that is too large as such.
  std::string text(kMaxRulesFileBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad()) return absl::ErrnoToStatus(errno, absl::StrCat("cannot read ", path));
  text.resize(static_cast<size_t>(file.gcount()));
  return ParseRules(text, path);
}

}  // namespace ovpnbroker::policy
