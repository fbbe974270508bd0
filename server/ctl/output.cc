#include "server/ctl/output.h"

#include <yaml-cpp/yaml.h>

#include <iostream>

#include "absl/strings/str_cat.h"
#include "server/ctl/json.h"

namespace ovpnbroker::ctl {
namespace {

bool IsForPrograms(const GlobalOptions& global) {
  return global.output == OutputFormat::kJson || global.output == OutputFormat::kYaml;
}

// JSON is YAML already; what is added is the style, and quotes wherever JSON had them, so that "7"
// and "no" stay text.
void Emit(const YAML::Node& node, YAML::Emitter& out) {
  if (node.IsMap()) {
    if (node.size() == 0) {
      out << YAML::Flow << YAML::BeginMap << YAML::EndMap;
      return;
    }
    out << YAML::Block << YAML::BeginMap;
    for (const auto& entry : node) {
      out << YAML::Key << entry.first.Scalar() << YAML::Value;
      Emit(entry.second, out);
    }
    out << YAML::EndMap;
  } else if (node.IsSequence()) {
    out << (node.size() == 0 ? YAML::Flow : YAML::Block) << YAML::BeginSeq;
    for (const YAML::Node& item : node) Emit(item, out);
    out << YAML::EndSeq;
  } else if (node.IsNull()) {
    out << YAML::Null;
  } else if (node.Tag() == "!") {
    out << YAML::DoubleQuoted << node.Scalar();
  } else {
    out << node.Scalar();
  }
}

}  // namespace

std::string JsonToYaml(const std::string& json) {
  YAML::Emitter out;
  Emit(YAML::Load(json), out);
  return absl::StrCat(out.c_str(), "\n");
}

bool PrintedForPrograms(const GlobalOptions& global, const std::string& json) {
  if (!IsForPrograms(global)) return false;
  std::cout << (global.output == OutputFormat::kYaml ? JsonToYaml(json) : json);
  return true;
}

bool PrintedForPrograms(const GlobalOptions& global, const google::protobuf::Message& message) {
  return IsForPrograms(global) && PrintedForPrograms(global, ToJson(message));
}

bool PrintedForPrograms(const GlobalOptions& global,
                        const std::vector<const google::protobuf::Message*>& messages) {
  return IsForPrograms(global) && PrintedForPrograms(global, ToJson(messages));
}

bool PrintedEventForPrograms(const GlobalOptions& global,
                             const google::protobuf::Message& message) {
  if (!IsForPrograms(global)) return false;
  if (global.output == OutputFormat::kYaml) std::cout << "---\n";
  PrintedForPrograms(global, message);
  std::cout << std::flush;
  return true;
}

void PrintWhole(const GlobalOptions& global, const google::protobuf::Message& message) {
  if (!PrintedForPrograms(global, message)) std::cout << JsonToYaml(ToJson(message));
}

void PrintTable(const GlobalOptions& global, const Table& table) {
  const bool wide = global.output == OutputFormat::kWide;
  table.Print(std::cout, ColorsWanted(), wide ? 0 : TerminalWidth(), wide);
}

}  // namespace ovpnbroker::ctl
