#include "server/policy_check/cases.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/text_format.h>
#include <yaml-cpp/yaml.h>

#include <optional>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "ovpn/base/suggest.h"

namespace ovpnbroker::policy_check {
namespace {

namespace v1 = policy::v1;
using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// One step of a path: "routes[0]".
struct Step {
  std::string name;
  std::optional<int> index;
};

std::optional<Step> ParseStep(absl::string_view text) {
  const size_t bracket = text.find('[');
  if (bracket == absl::string_view::npos) return Step{std::string(text), std::nullopt};
  int index = 0;
  if (text.back() != ']' ||
      !absl::SimpleAtoi(text.substr(bracket + 1, text.size() - bracket - 2), &index) || index < 0) {
    return std::nullopt;
  }
  return Step{std::string(text.substr(0, bracket)), index};
}

// What is wrong with `path`; "" when Decision has such a field.
std::string PathError(absl::string_view path) {
  const Descriptor* type = v1::Decision::descriptor();
  for (absl::string_view part : absl::StrSplit(path, '.')) {
    const auto step = ParseStep(part);
    if (!step.has_value()) return absl::StrCat("'", part, "' is not NAME or NAME[INDEX]");
    if (type == nullptr) return absl::StrCat("'", step->name, "' is inside a plain value");
    const FieldDescriptor* field = type->FindFieldByName(step->name);
    if (field == nullptr) {
      std::vector<absl::string_view> known;
      known.reserve(static_cast<size_t>(type->field_count()));
      for (int i = 0; i < type->field_count(); ++i) known.push_back(type->field(i)->name());
      return absl::StrCat(type->name(), " has no field '", step->name, "'",
                          ovpn::DidYouMean(step->name, known));
    }
    if (field->is_map() || field->is_repeated() != step->index.has_value()) {
      return absl::StrCat("'", step->name, "' ",
                          field->is_map()        ? "is a map, which cases cannot look into"
                          : field->is_repeated() ? "is a list; write NAME[INDEX]"
                                                 : "is not a list");
    }
    type = field->message_type();
  }
  return type == nullptr ? ""
                         : absl::StrCat("ends at a ", type->name(), "; name one of its fields");
}

class Reader {
 public:
  Reader(std::string file, CaseFile& result) : file_(std::move(file)), result_(result) {}

  void Read(const YAML::Node& root) {
    const bool is_file = root.IsMap() && root.size() == 1 && root["cases"].IsDefined();
    if (!is_file || !root["cases"].IsSequence() || root["cases"].size() == 0) {
      Error(root.Mark(), "expected 'cases:' with a list of cases");
      return;
    }
    for (const YAML::Node& node : root["cases"]) ReadCase(node);
  }

  void Error(const YAML::Mark& mark, const std::string& text) {
    result_.errors.push_back(absl::StrCat(Place(mark), ": ", text));
  }

 private:
  std::string Place(const YAML::Mark& mark) const {
    return mark.is_null() ? file_ : ovpn::FormatPlace(file_, mark.line + 1, mark.column + 1);
  }

  bool Scalar(const YAML::Node& node, const std::string& key) {
    if (node.IsScalar()) return true;
    Error(node.Mark(), absl::StrCat("'", key, "' needs a single value"));
    return false;
  }

  void ReadCase(const YAML::Node& node) {
    if (!node.IsMap()) return Error(node.Mark(), "a case is a map of name, client and expect");
    Case one;
    one.place = Place(node.Mark());
    one.question.set_kind(v1::DecisionRequest::KIND_CONNECT);
    for (const auto& entry : node) {
      const std::string key = entry.first.Scalar();
      if (key == "name") {
        if (Scalar(entry.second, key)) one.name = entry.second.Scalar();
      } else if (key == "client") {
        ReadClient(entry.second, one);
      } else if (key == "expect") {
        ReadExpected(entry.second, one);
      } else {
        Unknown(entry.first, {"name", "client", "expect"});
      }
    }
    if (one.name.empty()) Error(node.Mark(), "the case has no 'name'");
    if (one.verdict.empty()) Error(node.Mark(), "the case has no 'expect: {verdict: ...}'");
    result_.cases.push_back(std::move(one));
  }

  void ReadClient(const YAML::Node& node, Case& one) {
    if (!node.IsMap()) return Error(node.Mark(), "'client' is a map: username, environment, ...");
    auto& session = *one.question.mutable_session();
    for (const auto& entry : node) {
      const std::string key = entry.first.Scalar();
      if (key == "environment") {
        ReadEnvironment(entry.second, one);
        continue;
      }
      if (!Scalar(entry.second, key)) continue;
      const std::string value = entry.second.Scalar();
      if (key == "password") {
        one.with_password = true;
        one.question.mutable_credentials()->set_password(value);
      } else if (key == "kind" && (value == "connect" || value == "reauth")) {
        one.question.set_kind(value == "reauth" ? v1::DecisionRequest::KIND_REAUTH
                                                : v1::DecisionRequest::KIND_CONNECT);
      } else if (key == "kind") {
        Error(entry.second.Mark(), "'kind' is connect or reauth");
      } else {
        const FieldDescriptor* field = session.GetDescriptor()->FindFieldByName(key);
        if (field == nullptr || field->is_repeated() ||
            field->cpp_type() != FieldDescriptor::CPPTYPE_STRING) {
          Unknown(entry.first, {"kind", "username", "common_name", "password", "environment",
                                "real_address", "platform", "client_version", "instance",
                                "certificate_serial", "certificate_sha256"});
        } else {
          session.GetReflection()->SetString(&session, field, value);
        }
      }
    }
  }

  void ReadEnvironment(const YAML::Node& node, Case& one) {
    if (!node.IsMap()) return Error(node.Mark(), "'environment' is a map of NAME: VALUE");
    for (const auto& entry : node) {
      if (!Scalar(entry.second, entry.first.Scalar())) continue;
      (*one.question.mutable_environment())[entry.first.Scalar()] = entry.second.Scalar();
    }
  }

  void ReadExpected(const YAML::Node& node, Case& one) {
    if (!node.IsMap()) return Error(node.Mark(), "'expect' is a map of verdict and fields");
    for (const auto& entry : node) {
      const std::string key = entry.first.Scalar();
      if (key == "fields" && entry.second.IsMap()) {
        for (const auto& field : entry.second) {
          const std::string path = field.first.Scalar();
          const std::string error = PathError(path);
          if (!error.empty()) {
            Error(field.first.Mark(), error);
          } else if (Scalar(field.second, path)) {
            one.fields.emplace_back(path, field.second.Scalar());
          }
        }
      } else if (key == "fields") {
        Error(entry.second.Mark(), "'fields' is a map of PATH: VALUE");
      } else if (key != "verdict") {
        Unknown(entry.first, {"verdict", "fields"});
      } else if (Scalar(entry.second, key)) {
        const auto* arms = v1::Decision::descriptor()->FindOneofByName("verdict");
        std::vector<absl::string_view> known;
        for (int i = 0; i < arms->field_count(); ++i) {
          known.push_back(arms->field(i)->name());
          if (known.back() == entry.second.Scalar()) one.verdict = entry.second.Scalar();
        }
        if (one.verdict.empty()) Unknown(entry.second, known);
      }
    }
  }

  void Unknown(const YAML::Node& node, const std::vector<absl::string_view>& known) {
    const std::string word = node.IsScalar() ? node.Scalar() : "";
    Error(node.Mark(), absl::StrCat("'", word, "' is not one of ", absl::StrJoin(known, ", "),
                                    ovpn::DidYouMean(word, known)));
  }

  std::string file_;
  CaseFile& result_;
};

std::string ScalarText(const Message& message, const FieldDescriptor& field, int index) {
  std::string text;
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
    const auto* reflection = message.GetReflection();
    return field.is_repeated() ? reflection->GetRepeatedString(message, &field, index)
                               : reflection->GetString(message, &field);
  }
  google::protobuf::TextFormat::PrintFieldValueToString(message, &field, index, &text);
  return text;
}

}  // namespace

CaseFile ParseCases(absl::string_view yaml, const std::string& file) {
  CaseFile result;
  Reader reader(file, result);
  try {
    reader.Read(YAML::Load(std::string(yaml)));
  } catch (const YAML::Exception& error) {
    reader.Error(error.mark, absl::StrCat("not YAML: ", error.msg));
  }
  return result;
}

std::optional<std::string> ValueAt(const Message& message, absl::string_view path) {
  const Message* inner = &message;
  const std::vector<absl::string_view> parts = absl::StrSplit(path, '.');
  for (size_t i = 0; i < parts.size(); ++i) {
    const auto step = ParseStep(parts[i]);
    if (!step.has_value()) return std::nullopt;
    const FieldDescriptor* field = inner->GetDescriptor()->FindFieldByName(step->name);
    if (field == nullptr) return std::nullopt;
    const auto* reflection = inner->GetReflection();
    if (field->is_repeated() && step->index.value_or(0) >= reflection->FieldSize(*inner, field)) {
      return std::nullopt;
    }
    const int index = field->is_repeated() ? step->index.value_or(0) : -1;
    if (i + 1 == parts.size()) return ScalarText(*inner, *field, index);
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) return std::nullopt;
    if (field->is_repeated()) {
      inner = &reflection->GetRepeatedMessage(*inner, field, index);
    } else if (reflection->HasField(*inner, field)) {
      inner = &reflection->GetMessage(*inner, field);
    } else {
      return std::nullopt;
    }
  }
  return std::nullopt;
}

Outcome RunCase(const Case& one, const Target& target) {
  Dialogue dialogue(target);
  if (dialogue.ok() && one.with_password && !dialogue.Has(v1::CAPABILITY_PASSWORD)) {
    return Skipped("the policy did not switch on CAPABILITY_PASSWORD");
  }
  v1::DecisionRequest question = MakeQuestion(one.question.session().username(), target);
  // A case's own words win; what it leaves out is not made up.
  question.mutable_session()->clear_common_name();
  question.clear_environment();
  question.MergeFrom(one.question);
  if (one.with_password)
    question.mutable_credentials()->set_username(question.session().username());
  v1::Decision decision;
  if (!dialogue.AskOne(question, one.place, &decision)) return Failed(dialogue.error());
  const FieldDescriptor* arm = decision.GetReflection()->GetOneofFieldDescriptor(
      decision, decision.GetDescriptor()->FindOneofByName("verdict"));
  const std::string came = arm == nullptr ? "no verdict" : arm->name();
  if (came != one.verdict) {
    return Failed(absl::StrCat(one.place, ": expected ", one.verdict, ", came ", came, " { ",
                               decision.ShortDebugString(), " }"));
  }
  for (const auto& [path, expected] : one.fields) {
    const auto value = ValueAt(decision, path);
    if (value == expected) continue;
    return Failed(absl::StrCat(one.place, ": ", path, ": expected \"", expected, "\", came ",
                               value.has_value() ? absl::StrCat("\"", *value, "\"") : "nothing"));
  }
  return {};
}

}  // namespace ovpnbroker::policy_check
