// Reads a YAML document against a schema and collects every error with its place, instead of
// stopping at the first. The schema is code: a reader function for each key. yaml-cpp throws; its
// exceptions end here. Lives for one parse; not thread-safe.
#pragma once

#include <yaml-cpp/yaml.h>

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "policy/rules/rule_parser.h"

namespace ovpnbroker::policy {

// A node and how one gets there: "rules[2].match.username".
struct YamlValue {
  YAML::Node node;
  std::string path;
};

class YamlReader {
 public:
  // One key of a mapping and what reads its value.
  struct Key {
    absl::string_view name;
    std::function<void(const YamlValue&)> read;
  };

  // The document of `text`; nullopt after an error. Limits size, nesting and number of nodes, and
  // refuses a second document.
  std::optional<YamlValue> Parse(absl::string_view text);

  // Calls the reader of each key that is there. Unknown keys, duplicates and anything but a mapping
  // are errors; false for the last.
  bool ReadMap(const YamlValue& value, std::initializer_list<Key> keys);
  // As ReadMap for keys that the writer of the file chooses; `read` gets each with its value.
  void ReadEntries(const YamlValue& value, size_t max_items,
                   const std::function<void(const std::string&, const YamlValue&)>& read);
  // Calls `read` for each item, in order. Anything but a sequence, and more items than `max_items`,
  // is an error.
  void ReadList(const YamlValue& value, size_t max_items,
                const std::function<void(const YamlValue&)>& read);
  // As ReadList, but a single scalar stands for a list of one, and an empty list is an error: it
  // would say nothing, or everything.
  void ReadOneOrMore(const YamlValue& value, const std::function<void(const YamlValue&)>& read);

  // Printable text; nullopt after an error.
  std::optional<std::string> ReadString(const YamlValue& value);
  // `true` or `false`.
  std::optional<bool> ReadBool(const YamlValue& value);
  std::optional<uint32_t> ReadNumber(const YamlValue& value, uint32_t maximum);

  void AddError(const YamlValue& value, absl::string_view message);
  // An error of another file that this one names.
  void AddError(RuleError error);
  bool has_errors() const { return !errors_.empty(); }
  // All errors in order of the file, at most kMaxRuleErrors and a line about the rest.
  std::vector<RuleError> TakeErrors();

 private:
  void AddError(const YAML::Mark& mark, absl::string_view path, absl::string_view message);
  bool CheckKey(const YAML::Node& key, const YamlValue& map,
                absl::Span<const absl::string_view> known, std::vector<std::string>& seen);

  std::vector<RuleError> errors_;
  size_t dropped_errors_ = 0;
};

}  // namespace ovpnbroker::policy
