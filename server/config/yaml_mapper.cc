#include "server/config/yaml_mapper.h"

#include <google/protobuf/descriptor.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <map>
#include <optional>
#include <sstream>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "ovpn/base/suggest.h"
#include "server/config/field_value.h"

namespace ovpnbroker::server {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::OneofDescriptor;

constexpr uint32_t kDefaultMaxItems = 64;
// A hostile file with aliases of aliases would otherwise give millions.
constexpr size_t kMaxFindings = 100;
constexpr size_t kMaxShownKey = 60;

std::string ChildPath(const std::string& parent, absl::string_view name) {
  return parent.empty() ? std::string(name) : absl::StrCat(parent, ".", name);
}

std::string ShownKey(const std::string& key) {
  return absl::StrCat("'", absl::Utf8SafeCEscape(key.substr(0, kMaxShownKey)), "'");
}

// Hears a document and keeps only where it starts.
class StartListener final : public YAML::EventHandler {
 public:
  const YAML::Mark& start() const { return start_; }

  void OnDocumentStart(const YAML::Mark& mark) override { start_ = mark; }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& /*mark*/, YAML::anchor_t /*anchor*/) override {}
  void OnAlias(const YAML::Mark& /*mark*/, YAML::anchor_t /*anchor*/) override {}
  void OnScalar(const YAML::Mark& /*mark*/, const std::string& /*tag*/, YAML::anchor_t /*anchor*/,
                const std::string& /*value*/) override {}
  void OnSequenceStart(const YAML::Mark& /*mark*/, const std::string& /*tag*/,
                       YAML::anchor_t /*anchor*/, YAML::EmitterStyle::value /*style*/) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark& /*mark*/, const std::string& /*tag*/, YAML::anchor_t /*anchor*/,
                  YAML::EmitterStyle::value /*style*/) override {}
  void OnMapEnd() override {}

 private:
  YAML::Mark start_;
};

// YAML::Load reads the first document only. YAML::LoadAll is not asked: on some malformed files the
// parser of yaml-cpp 0.7 never comes to an end, and LoadAll collects documents until memory is out.
std::optional<YAML::Mark> SecondDocument(const std::string& yaml) {
  std::istringstream stream(yaml);
  YAML::Parser parser(stream);
  StartListener listener;
  if (!parser.HandleNextDocument(listener) || !parser.HandleNextDocument(listener)) {
    return std::nullopt;
  }
  return listener.start();
}

class Mapper {
 public:
  Mapper(std::string file, std::string directory)
      : file_(std::move(file)),
        directory_(std::move(directory)),
        result_{ConfigPlaces(file_), {}} {}

  void MapMessage(const YAML::Node& node, const std::string& path, Message& message);
  void AddError(const YAML::Mark& mark, const std::string& path, std::string text);
  // At the field itself, which was remembered.
  void AddErrorAt(const std::string& path, std::string text);
  MappingResult TakeResult() { return std::move(result_); }

 private:
  using SeenFields = std::map<const FieldDescriptor*, YAML::Mark>;

  void MapField(const YAML::Node& key, const YAML::Node& value, const std::string& path,
                SeenFields& seen, Message& message);
  void MapValue(const YAML::Node& value, const std::string& path, const FieldDescriptor& field,
                Message& message);
  void MapList(const YAML::Node& value, const std::string& path, const FieldDescriptor& field,
               Message& message);
  void MapScalar(const YAML::Node& value, const std::string& path, const FieldDescriptor& field,
                 Message& message);
  void CheckRequired(const std::string& path, const SeenFields& seen, const Descriptor& type);
  void CheckOneof(const YAML::Mark& mark, const std::string& path, const FieldDescriptor& field,
                  const SeenFields& seen);
  void Remember(const YAML::Mark& mark, const std::string& path);

  std::string file_;
  std::string directory_;
  MappingResult result_;
};

void Mapper::AddError(const YAML::Mark& mark, const std::string& path, std::string text) {
  if (result_.findings.size() >= kMaxFindings) return;
  Place place{file_, 0, 0};
  if (!mark.is_null()) place = Place{file_, mark.line + 1, mark.column + 1};
  result_.findings.push_back({Finding::Severity::kError, std::move(place), path, std::move(text)});
}

void Mapper::AddErrorAt(const std::string& path, std::string text) {
  if (result_.findings.size() >= kMaxFindings) return;
  result_.findings.push_back(
      {Finding::Severity::kError, result_.places.Find(path), path, std::move(text)});
}

void Mapper::Remember(const YAML::Mark& mark, const std::string& path) {
  if (!mark.is_null()) result_.places.Add(path, mark.line + 1, mark.column + 1);
}

void Mapper::MapMessage(const YAML::Node& node, const std::string& path, Message& message) {
  SeenFields seen;
  if (node.IsMap()) {
    for (const auto& entry : node) MapField(entry.first, entry.second, path, seen, message);
  } else if (!node.IsNull()) {
    AddErrorAt(path, "expected fields, one 'name: value' a line");
    return;
  }
  CheckRequired(path, seen, *message.GetDescriptor());
}

void Mapper::MapField(const YAML::Node& key, const YAML::Node& value, const std::string& path,
                      SeenFields& seen, Message& message) {
  const Descriptor& type = *message.GetDescriptor();
  const std::string name = key.IsScalar() ? key.Scalar() : "";
  const FieldDescriptor* field = type.FindFieldByName(name);
  if (field == nullptr) {
    std::vector<absl::string_view> known;
    known.reserve(static_cast<size_t>(type.field_count()));
    for (int i = 0; i < type.field_count(); ++i) known.push_back(type.field(i)->name());
    AddError(key.Mark(), path,
             absl::StrCat("unknown field ", ShownKey(name), ovpn::DidYouMean(name, known)));
    return;
  }
  const std::string field_path = ChildPath(path, name);
  const auto [earlier, is_new] = seen.emplace(field, key.Mark());
  if (!is_new) {
    AddError(key.Mark(), field_path,
             absl::StrCat("written twice; the first is in line ", earlier->second.line + 1));
    return;
  }
  CheckOneof(key.Mark(), field_path, *field, seen);
  // A value that is left out stands nowhere; its key does.
  Remember(value.IsNull() ? key.Mark() : value.Mark(), field_path);
  MapValue(value, field_path, *field, message);
}

void Mapper::CheckOneof(const YAML::Mark& mark, const std::string& path,
                        const FieldDescriptor& field, const SeenFields& seen) {
  const OneofDescriptor* oneof = field.real_containing_oneof();
  if (oneof == nullptr) return;
  for (const auto& [other, other_mark] : seen) {
    if (other == &field || other->real_containing_oneof() != oneof) continue;
    AddError(mark, path,
             absl::StrCat("excludes '", other->name(), "' in line ", other_mark.line + 1,
                          "; write only one of the two"));
  }
}

void Mapper::CheckRequired(const std::string& path, const SeenFields& seen,
                           const Descriptor& type) {
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor* field = type.field(i);
    if (!RulesOf(*field).required() || seen.count(field) != 0) continue;
    AddErrorAt(path, absl::StrCat("'", field->name(), "' is missing"));
  }
}

void Mapper::MapValue(const YAML::Node& value, const std::string& path,
                      const FieldDescriptor& field, Message& message) {
  if (field.is_repeated()) {
    MapList(value, path, field, message);
  } else if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE && !IsDuration(field)) {
    MapMessage(value, path, *message.GetReflection()->MutableMessage(&message, &field));
  } else {
    MapScalar(value, path, field, message);
  }
}

void Mapper::MapList(const YAML::Node& value, const std::string& path, const FieldDescriptor& field,
                     Message& message) {
  if (!value.IsSequence() && !value.IsNull()) {
    AddErrorAt(path, "expected a list: one '- ...' a line, or [a, b]");
    return;
  }
  const auto& rules = RulesOf(field);
  const uint32_t max_items = rules.max_items() != 0 ? rules.max_items() : kDefaultMaxItems;
  if (value.size() > max_items) {
    AddErrorAt(path, absl::StrCat("has ", value.size(), " elements; at most ", max_items,
                                  " are accepted"));
    return;
  }
  if (rules.required() && value.size() == 0) {
    AddErrorAt(path, "must have at least one element");
  }
  size_t index = 0;
  for (const YAML::Node& item : value) {
    const std::string item_path = absl::StrCat(path, "[", index++, "]");
    Remember(item.Mark(), item_path);
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      MapMessage(item, item_path, *message.GetReflection()->AddMessage(&message, &field));
    } else {
      MapScalar(item, item_path, field, message);
    }
  }
}

void Mapper::MapScalar(const YAML::Node& value, const std::string& path,
                       const FieldDescriptor& field, Message& message) {
  if (!value.IsScalar()) {
    AddErrorAt(path, value.IsNull() ? "has no value; write one or leave the line out"
                                    : "expected a single value");
    return;
  }
  absl::Status status = SetFieldFromText(message, field, value.Scalar(), directory_);
  if (!status.ok()) AddErrorAt(path, std::string(status.message()));
}

}  // namespace

MappingResult MapYaml(absl::string_view yaml, const std::string& file, const std::string& directory,
                      Message& message) {
  Mapper mapper(file, directory);
  try {
    const std::string text(yaml);
    if (const auto second = SecondDocument(text)) {
      mapper.AddError(*second, "", "expected one document; remove the '---' line");
    }
    mapper.MapMessage(YAML::Load(text), "", message);
  } catch (const YAML::Exception& error) {
    mapper.AddError(error.mark, "", absl::StrCat("not YAML: ", error.msg));
  }
  return mapper.TakeResult();
}

}  // namespace ovpnbroker::server
