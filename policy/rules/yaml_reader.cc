#include "policy/rules/yaml_reader.h"

#include <yaml-cpp/anchor.h>
#include <yaml-cpp/eventhandler.h>

#include <algorithm>
#include <exception>
#include <sstream>
#include <tuple>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "ovpn/base/suggest.h"

namespace ovpnbroker::policy {
namespace {

// Values of a whole file, each use of an alias counted: enough for kMaxRules rules with a hundred
// values each.
constexpr size_t kMaxYamlNodes = 1'000'000;

// Walks the events of a document before it is built, and throws where it goes too far.
class LimitChecker final : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark& /*mark*/) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t /*anchor*/) override { Count(mark); }
  // An alias would make a file small and what it means large.
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t /*anchor*/) override {
    throw YAML::ParserException(mark, "aliases are not supported");
  }
  void OnScalar(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t /*anchor*/,
                const std::string& /*value*/) override {
    Count(mark);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& /*tag*/,
                       YAML::anchor_t /*anchor*/, YAML::EmitterStyle::value /*style*/) override {
    Enter(mark);
  }
  void OnSequenceEnd() override { --depth_; }
  void OnMapStart(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t /*anchor*/,
                  YAML::EmitterStyle::value /*style*/) override {
    Enter(mark);
  }
  void OnMapEnd() override { --depth_; }

 private:
  void Count(const YAML::Mark& mark) {
    if (++nodes_ > kMaxYamlNodes) throw YAML::ParserException(mark, "too many values");
  }
  void Enter(const YAML::Mark& mark) {
    Count(mark);
    if (++depth_ > kMaxRulesNesting) throw YAML::ParserException(mark, "nested too deep");
  }

  size_t nodes_ = 0;
  int depth_ = 0;
};

void CheckLimits(const std::string& text) {
  std::istringstream stream(text);
  YAML::Parser parser(stream);
  LimitChecker checker;
  parser.HandleNextDocument(checker);
  // yaml-cpp reads only the first document of a file; the others would be ignored in silence.
  if (parser.HandleNextDocument(checker)) {
    throw YAML::ParserException(YAML::Mark::null_mark(), "more than one document");
  }
}

absl::string_view KindName(const YAML::Node& node) {
  switch (node.Type()) {
    case YAML::NodeType::Map:
      return "a mapping";
    case YAML::NodeType::Sequence:
      return "a list";
    case YAML::NodeType::Scalar:
      return "a single value";
    case YAML::NodeType::Null:
    case YAML::NodeType::Undefined:
      return "nothing";
  }
  return "nothing";
}

std::string Expected(absl::string_view wanted, const YAML::Node& node) {
  return absl::StrCat("expected ", wanted, ", found ", KindName(node));
}

bool IsPrintable(absl::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f;
  });
}

// A key of the file as an error shows it.
std::string Shown(absl::string_view name) {
  constexpr size_t kMaxShownBytes = 64;
  return absl::CHexEscape(name.substr(0, kMaxShownBytes));
}

std::string JoinPath(absl::string_view parent, absl::string_view key) {
  return parent.empty() ? std::string(key) : absl::StrCat(parent, ".", key);
}

}  // namespace

std::optional<YamlValue> YamlReader::Parse(absl::string_view text) {
  if (text.size() > kMaxRulesFileBytes) {
    AddError(YAML::Mark::null_mark(), "",
             absl::StrCat("the file is larger than ", kMaxRulesFileBytes, " bytes"));
    return std::nullopt;
  }
  try {
    const std::string copy(text);
    CheckLimits(copy);
    return YamlValue{YAML::Load(copy), ""};
  } catch (const YAML::Exception& error) {
    AddError(error.mark, "", error.msg);
  } catch (const std::exception& error) {
    AddError(YAML::Mark::null_mark(), "", error.what());
  }
  return std::nullopt;
}

bool YamlReader::ReadMap(const YamlValue& value, std::initializer_list<Key> keys) {
  if (!value.node.IsMap()) {
    AddError(value, Expected("a mapping", value.node));
    return false;
  }
  std::vector<absl::string_view> known;
  for (const Key& key : keys) known.push_back(key.name);
  std::vector<std::string> seen;
  for (const auto& entry : value.node) {
    if (!CheckKey(entry.first, value, known, seen)) continue;
    const std::string& name = entry.first.Scalar();
    const auto key = std::find_if(keys.begin(), keys.end(),
                                  [&name](const Key& candidate) { return candidate.name == name; });
    key->read({entry.second, JoinPath(value.path, name)});
  }
  return true;
}

bool YamlReader::CheckKey(const YAML::Node& key, const YamlValue& map,
                          absl::Span<const absl::string_view> known,
                          std::vector<std::string>& seen) {
  if (!key.IsScalar()) {
    AddError(key.Mark(), map.path, Expected("a name as key", key));
    return false;
  }
  const std::string& name = key.Scalar();
  if (std::find(known.begin(), known.end(), absl::string_view(name)) == known.end()) {
    AddError(key.Mark(), map.path,
             absl::StrCat("unknown key '", Shown(name), "'", ovpn::DidYouMean(name, known)));
    return false;
  }
  if (std::find(seen.begin(), seen.end(), name) != seen.end()) {
    AddError(key.Mark(), map.path, absl::StrCat("duplicate key '", name, "'"));
    return false;
  }
  seen.push_back(name);
  return true;
}

void YamlReader::ReadEntries(
    const YamlValue& value, size_t max_items,
    const std::function<void(const std::string&, const YamlValue&)>& read) {
  if (!value.node.IsMap()) {
    AddError(value, Expected("a mapping", value.node));
    return;
  }
  if (value.node.size() > max_items) {
    AddError(value, absl::StrCat("more than ", max_items, " items"));
    return;
  }
  absl::flat_hash_set<std::string> seen;
  for (const auto& entry : value.node) {
    const std::optional<std::string> name = ReadString({entry.first, value.path});
    if (!name.has_value()) continue;
    if (name->empty()) {
      AddError({entry.first, value.path}, "the name is empty");
    } else if (!seen.insert(*name).second) {
      AddError({entry.first, value.path}, absl::StrCat("duplicate key '", *name, "'"));
    } else {
      read(*name, {entry.second, JoinPath(value.path, *name)});
    }
  }
}

void YamlReader::ReadList(const YamlValue& value, size_t max_items,
                          const std::function<void(const YamlValue&)>& read) {
  if (!value.node.IsSequence()) {
    AddError(value, Expected("a list", value.node));
    return;
  }
  if (value.node.size() > max_items) {
    AddError(value, absl::StrCat("more than ", max_items, " items"));
    return;
  }
  for (size_t index = 0; index < value.node.size(); ++index) {
    read({value.node[index], absl::StrCat(value.path, "[", index, "]")});
  }
}

void YamlReader::ReadOneOrMore(const YamlValue& value,
                               const std::function<void(const YamlValue&)>& read) {
  if (value.node.IsScalar()) {
    read(value);
  } else if (!value.node.IsSequence()) {
    AddError(value, Expected("a value or a list of values", value.node));
  } else if (value.node.size() == 0) {
    AddError(value, "the list is empty; leave the key out instead");
  } else {
    ReadList(value, kMaxListItems, read);
  }
}

std::optional<std::string> YamlReader::ReadString(const YamlValue& value) {
  if (!value.node.IsScalar()) {
    AddError(value, Expected("text", value.node));
    return std::nullopt;
  }
  const std::string& text = value.node.Scalar();
  if (text.size() > kMaxValueBytes) {
    AddError(value, absl::StrCat("longer than ", kMaxValueBytes, " bytes"));
    return std::nullopt;
  }
  if (!IsPrintable(text)) {
    AddError(value, "control characters are not allowed");
    return std::nullopt;
  }
  return text;
}

std::optional<bool> YamlReader::ReadBool(const YamlValue& value) {
  if (value.node.IsScalar()) {
    if (value.node.Scalar() == "true") return true;
    if (value.node.Scalar() == "false") return false;
  }
  AddError(value, "expected true or false");
  return std::nullopt;
}

std::optional<uint32_t> YamlReader::ReadNumber(const YamlValue& value, uint32_t maximum) {
  uint32_t number = 0;
  if (value.node.IsScalar() && absl::SimpleAtoi(value.node.Scalar(), &number) &&
      number <= maximum) {
    return number;
  }
  AddError(value, absl::StrCat("expected a number from 0 to ", maximum));
  return std::nullopt;
}

void YamlReader::AddError(const YamlValue& value, absl::string_view message) {
  AddError(value.node.Mark(), value.path, message);
}

void YamlReader::AddError(const YAML::Mark& mark, absl::string_view path,
                          absl::string_view message) {
  if (errors_.size() == kMaxRuleErrors) {
    ++dropped_errors_;
    return;
  }
  const bool placed = !mark.is_null();
  errors_.push_back({placed ? mark.line + 1 : 0, placed ? mark.column + 1 : 0, std::string(path),
                     std::string(message)});
}

void YamlReader::AddError(RuleError error) {
  if (errors_.size() == kMaxRuleErrors) {
    ++dropped_errors_;
    return;
  }
  errors_.push_back(std::move(error));
}

std::vector<RuleError> YamlReader::TakeErrors() {
  std::sort(errors_.begin(), errors_.end(), [](const RuleError& a, const RuleError& b) {
    return std::tie(a.file, a.line, a.column, a.path, a.message) <
           std::tie(b.file, b.line, b.column, b.path, b.message);
  });
  if (dropped_errors_ > 0) {
    errors_.push_back({0, 0, "", absl::StrCat("and ", dropped_errors_, " more errors")});
  }
  return std::exchange(errors_, {});
}

}  // namespace ovpnbroker::policy
