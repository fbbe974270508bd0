#include "server/policy_sim/options.h"

#include <yaml-cpp/yaml.h>

#include <functional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "ovpn/base/atomic_file.h"
#include "ovpn/base/suggest.h"

namespace ovpnbroker::policy_sim {
namespace {

constexpr size_t kMaxOptionsBytes = size_t{1} << 20;
constexpr uint32_t kMaxClients = 1'000'000;
constexpr double kMaxRate = 100'000;

using Readers = std::map<std::string, std::function<void(const YAML::Node&)>>;

[[noreturn]] void Refuse(const YAML::Node& node, const std::string& what) {
  throw YAML::Exception(node.Mark(), what);
}

template <typename Number>
Number NumberIn(const YAML::Node& node, Number minimum, Number maximum) {
  const Number number = node.as<Number>();
  if (number < minimum || number > maximum) {
    Refuse(node, absl::StrCat("must be from ", minimum, " to ", maximum));
  }
  return number;
}

void ReadFields(const YAML::Node& node, const Readers& readers) {
  if (!node.IsMap()) Refuse(node, "must be a map");
  for (const auto& field : node) {
    const std::string name = field.first.as<std::string>();
    const auto reader = readers.find(name);
    if (reader != readers.end()) {
      reader->second(field.second);
      continue;
    }
    std::vector<absl::string_view> known;
    for (const auto& [word, ignored] : readers) known.emplace_back(word);
    Refuse(field.first, absl::StrCat("unknown key '", name, "'", ovpn::DidYouMean(name, known)));
  }
}

// Text that becomes part of a line on the management socket.
std::string TextIn(const YAML::Node& node) {
  const std::string text = node.as<std::string>();
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < ' ') Refuse(node, "must have no control characters");
  }
  return text;
}

ClientKind ReadKind(const YAML::Node& node) {
  ClientKind kind;
  ReadFields(node,
             {{"name", [&](const auto& v) { kind.name = TextIn(v); }},
              {"username", [&](const auto& v) { kind.username = TextIn(v); }},
              {"response", [&](const auto& v) { kind.response = v.template as<std::string>(); }},
              {"weight", [&](const auto& v) { kind.weight = NumberIn<uint32_t>(v, 1, 1000); }},
              {"bytes_per_second",
               [&](const auto& v) { kind.bytes_per_second = v.template as<uint64_t>(); }},
              {"environment", [&](const auto& v) {
                 for (const auto& variable : v) {
                   kind.environment[TextIn(variable.first)] = TextIn(variable.second);
                 }
               }}});
  return kind;
}

SimulationOptions ReadAll(const YAML::Node& node) {
  constexpr double kDay = 86400;
  SimulationOptions options;
  const auto seconds = [](std::chrono::duration<double>& value) {
    return [&value](const YAML::Node& v) {
      value = std::chrono::duration<double>(NumberIn<double>(v, 0, kDay));
    };
  };
  ReadFields(
      node,
      {{"clients", [&](const auto& v) { options.clients = NumberIn<uint32_t>(v, 1, kMaxClients); }},
       {"rate", [&](const auto& v) { options.rate = NumberIn<double>(v, 0.1, kMaxRate); }},
       {"stay", seconds(options.stay)},
       {"renegotiate", seconds(options.renegotiate)},
       {"report", [&](const auto& v) { options.report = v.template as<std::string>(); }},
       {"kinds", [&](const auto& v) {
          if (!v.IsSequence() || v.size() == 0) Refuse(v, "must be a list with entries");
          options.kinds.clear();
          for (const auto& kind : v) options.kinds.push_back(ReadKind(kind));
        }}});
  return options;
}

}  // namespace

absl::StatusOr<SimulationOptions> ParseOptions(const std::string& yaml, const std::string& path) {
  try {
    return ReadAll(YAML::Load(yaml));
  } catch (const YAML::Exception& error) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ":", error.mark.line + 1, ": ", error.msg));
  }
}

absl::StatusOr<SimulationOptions> ReadOptions(const std::string& path) {
  const absl::StatusOr<std::string> yaml = ovpn::ReadWholeFile(path, kMaxOptionsBytes);
  if (yaml.ok()) return ParseOptions(*yaml, path);
  return absl::Status(yaml.status().code(), absl::StrCat(path, ": ", yaml.status().message()));
}

std::string OptionsToYaml(const SimulationOptions& options) {
  YAML::Emitter out;
  out << YAML::BeginMap << YAML::Key << "clients" << YAML::Value << options.clients << YAML::Key
      << "rate" << YAML::Value << options.rate << YAML::Key << "stay" << YAML::Value
      << options.stay.count() << YAML::Key << "renegotiate" << YAML::Value
      << options.renegotiate.count() << YAML::Key << "report" << YAML::Value << YAML::DoubleQuoted
      << options.report << YAML::Key << "kinds" << YAML::Value << YAML::BeginSeq;
  for (const ClientKind& kind : options.kinds) {
    out << YAML::BeginMap << YAML::Key << "name" << YAML::Value << YAML::DoubleQuoted << kind.name
        << YAML::Key << "username" << YAML::Value << YAML::DoubleQuoted << kind.username
        << YAML::Key << "response" << YAML::Value << YAML::DoubleQuoted << kind.response
        << YAML::Key << "weight" << YAML::Value << kind.weight << YAML::Key << "bytes_per_second"
        << YAML::Value << kind.bytes_per_second << YAML::Key << "environment" << YAML::Value
        << YAML::BeginMap;
    for (const auto& [name, value] : kind.environment) {
      out << YAML::Key << name << YAML::Value << YAML::DoubleQuoted << value;
    }
    out << YAML::EndMap << YAML::EndMap;
  }
  out << YAML::EndSeq << YAML::EndMap;
  return absl::StrCat(out.c_str(), "\n");
}

}  // namespace ovpnbroker::policy_sim
