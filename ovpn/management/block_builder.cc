#include "ovpn/management/block_builder.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "ovpn/management/option_words.h"

namespace ovpnbroker::ovpn {
namespace {

constexpr absl::string_view kConfigPath = "allow.config";

}  // namespace

void BlockBuilder::Refuse(absl::string_view field, absl::string_view description) {
  violations_.push_back({absl::StrCat(kConfigPath, ".", field), std::string(description)});
}

void BlockBuilder::AddLine(absl::string_view field, Words words) {
  std::string line = JoinOptionWords(words);
  if (line.size() > kMaxBodyLineBytes) {
    Refuse(field, absl::StrCat("makes a line of ", line.size(), " bytes; OpenVPN reads ",
                               kMaxBodyLineBytes));
    return;
  }
  lines_.push_back(std::move(line));
}

void BlockBuilder::AddPush(absl::string_view field, Words option_words) {
  const std::string option = JoinOptionWords(option_words);
  push_bytes_ += option.size() + 1;
  AddLine(field, {"push", option});
}

void BlockBuilder::AddPushLine(absl::string_view field, absl::string_view option_line) {
  const auto words = AdmitPushedOption(option_line);
  if (words.ok()) {
    AddPush(field, std::vector<absl::string_view>(words->begin(), words->end()));
  } else {
    Refuse(field, words.status().message());
  }
}

void BlockBuilder::AddIntendedAddress(std::string address, bool primary) {
  intended_addresses_.push_back({std::move(address), primary});
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

std::string IndexedField(absl::string_view field, size_t index) {
  return absl::StrCat(field, "[", index, "]");
}

}  // namespace ovpnbroker::ovpn
