#include "server/reload/config_diff.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/util/message_differencer.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "server/reload/field_text.h"

namespace ovpnbroker::server {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::util::MessageDifferencer;

struct Position {
  std::string path;
  std::string pattern;
  std::string entry;
};

Position Child(const Position& parent, const FieldDescriptor& field) {
  const std::string dot = parent.path.empty() ? "" : ".";
  return {absl::StrCat(parent.path, dot, field.name()),
          absl::StrCat(parent.pattern, dot, field.name()), parent.entry};
}

Position Entry(const Position& list, const std::string& name) {
  return {absl::StrCat(list.path, "[", name, "]"), absl::StrCat(list.pattern, "[*]"),
          list.entry.empty() ? name : list.entry};
}

// The name by which entries of this list are told apart; null when they have none.
const FieldDescriptor* NameOf(const FieldDescriptor& field) {
  if (!field.is_repeated() || field.type() != FieldDescriptor::TYPE_MESSAGE) return nullptr;
  return field.message_type()->FindFieldByName("name");
}

bool IsConfig(const FieldDescriptor& field) {
  return field.type() == FieldDescriptor::TYPE_MESSAGE &&
         field.message_type()->file()->package() ==
             config::v1::BrokerConfig::descriptor()->file()->package();
}

class Differ {
 public:
  void Compare(const Message& current, const Message& next, const Position& at) {
    const auto* descriptor = current.GetDescriptor();
    for (int i = 0; i < descriptor->field_count(); ++i) {
      const FieldDescriptor& field = *descriptor->field(i);
      const Position position = Child(at, field);
      if (NameOf(field) != nullptr) {
        CompareNamed(current, next, field, position);
      } else if (!field.is_repeated() && IsConfig(field) && Has(current, field) &&
                 Has(next, field)) {
        Compare(current.GetReflection()->GetMessage(current, &field),
                next.GetReflection()->GetMessage(next, &field), position);
      } else {
        Note(position, FieldText(current, field), FieldText(next, field),
             Same(current, next, field));
      }
    }
  }

  std::vector<FieldChange> Take() { return std::move(changes_); }

 private:
  static bool Has(const Message& message, const FieldDescriptor& field) {
    return message.GetReflection()->HasField(message, &field);
  }

  // Compared as values, not as texts: a text may be cut or masked.
  static bool Same(const Message& current, const Message& next, const FieldDescriptor& field) {
    MessageDifferencer differencer;
    std::vector<const FieldDescriptor*> only = {&field};
    return differencer.CompareWithFields(current, next, only, only);
  }

  void CompareNamed(const Message& current, const Message& next, const FieldDescriptor& field,
                    const Position& list) {
    const FieldDescriptor& name_field = *NameOf(field);
    const auto name_of = [&name_field](const Message& entry) {
      return entry.GetReflection()->GetString(entry, &name_field);
    };
    const auto find = [&](const Message& where, const std::string& name) -> const Message* {
      const auto& reflection = *where.GetReflection();
      for (int i = 0; i < reflection.FieldSize(where, &field); ++i) {
        const Message& entry = reflection.GetRepeatedMessage(where, &field, i);
        if (name_of(entry) == name) return &entry;
      }
      return nullptr;
    };
    const auto& reflection = *next.GetReflection();
    for (int i = 0; i < reflection.FieldSize(next, &field); ++i) {
      const Message& entry = reflection.GetRepeatedMessage(next, &field, i);
      const std::string name = name_of(entry);
      const Message* before = find(current, name);
      if (before == nullptr) {
        Note(Entry(list, name), "", MessageText(entry), false);
      } else {
        Compare(*before, entry, Entry(list, name));
      }
    }
    for (int i = 0; i < reflection.FieldSize(current, &field); ++i) {
      const Message& entry = current.GetReflection()->GetRepeatedMessage(current, &field, i);
      const std::string name = name_of(entry);
      if (find(next, name) == nullptr) Note(Entry(list, name), MessageText(entry), "", false);
    }
  }

  void Note(const Position& at, std::string before, std::string after, bool same) {
    if (same) return;
    changes_.push_back({at.path, at.pattern, at.entry, std::move(before), std::move(after)});
  }

  std::vector<FieldChange> changes_;
};

}  // namespace

std::vector<FieldChange> DiffConfigs(const config::v1::BrokerConfig& current,
                                     const config::v1::BrokerConfig& next) {
  Differ differ;
  differ.Compare(current, next, {});
  return differ.Take();
}

}  // namespace ovpnbroker::server
