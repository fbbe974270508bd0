#include "ovpn/management/block_builder.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "ovpn/management/option_words.h"

namespace ovpnbroker::ovpn {
namespace {

constexpr absl::string_view kConfigPath = "allow.config";
// An address, two or three pushes, and some to spare.
constexpr size_t kUsualLines = 8;

}  // namespace

std::string FieldPath::ToString() const {
  std::string text(name_);
  if (index_.has_value()) absl::StrAppend(&text, "[", *index_, "]");
  if (!member_.empty()) absl::StrAppend(&text, ".", member_);
  return text;
}

void BlockBuilder::Refuse(const FieldPath& field, absl::string_view description) {
  violations_.push_back(
      {absl::StrCat(kConfigPath, ".", field.ToString()), std::string(description)});
}

void BlockBuilder::Add(const FieldPath& field, std::string&& line) {
  if (line.size() > kMaxBodyLineBytes) {
    Refuse(field, absl::StrCat("makes a line of ", line.size(), " bytes; OpenVPN reads ",
                               kMaxBodyLineBytes));
    return;
  }
  if (lines_.empty()) lines_.reserve(kUsualLines);
  lines_.push_back(std::move(line));
}

void BlockBuilder::AddLine(const FieldPath& field, Words words) {
  Add(field, JoinOptionWords(words));
}

void BlockBuilder::AddPushLine(const FieldPath& field, absl::string_view option_line) {
  const auto words = AdmitPushedOption(option_line);
  if (!words.ok()) {
    Refuse(field, words.status().message());
    return;
  }
  const std::string option =
      JoinOptionWords(std::vector<absl::string_view>(words->begin(), words->end()));
  push_bytes_ += option.size() + 1;
  AddLine(field, {"push", option});
}

void BlockBuilder::AddPlainLine(const FieldPath& field, Words words) {
  Add(field, JoinPlainWords("", words, ""));
}

void BlockBuilder::AddPlainPush(const FieldPath& field, Words option_words) {
  // Quotes are for the blanks between the words.
  const bool quoted = option_words.size() > 1;
  const absl::string_view begin = quoted ? "push \"" : "push ";
  const absl::string_view end = quoted ? "\"" : "";
  std::string line = JoinPlainWords(begin, option_words, end);
  push_bytes_ += line.size() - begin.size() - end.size() + 1;
  Add(field, std::move(line));
}

void BlockBuilder::AddIntendedAddress(std::string address, bool primary) {
  intended_addresses_.emplace_back(std::move(address), primary);
}

Checked<ClientAuthBlock> BlockBuilder::Finish() && {
  if (lines_.size() > kMaxBodyLines) {
    violations_.push_back(
        {std::string(kConfigPath),
         absl::StrCat("makes ", lines_.size(), " lines; at most ", kMaxBodyLines)});
  }
  if (push_bytes_ > kMaxPushBytes) {
    violations_.push_back(
        {std::string(kConfigPath),
         absl::StrCat("pushes ", push_bytes_, " bytes; at most ", kMaxPushBytes)});
  }
  if (!violations_.empty()) return std::move(violations_);
  return ClientAuthBlock(std::move(lines_), std::move(intended_addresses_));
}

}  // namespace ovpnbroker::ovpn
