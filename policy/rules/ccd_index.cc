#include "policy/rules/ccd_index.h"

#include <utility>

#include "absl/strings/ascii.h"

namespace ovpnbroker::policy {

std::string CcdFileName(absl::string_view common_name) {
  if (common_name == "." || common_name == "..") return "";
  std::string name(common_name);
  for (char& byte : name) {
    if (byte == '/' || absl::ascii_iscntrl(static_cast<unsigned char>(byte))) byte = '_';
  }
  return name;
}

CcdIndex::CcdIndex(Rules rules) : rules_(std::move(rules)) {}

size_t CcdIndex::Find(absl::string_view common_name) const {
  if (common_name.empty()) return rules_.nameless;
  if (rules_.exclusive && common_name == kCcdDefaultFile) return rules_.other;
  const auto file = rules_.files.find(CcdFileName(common_name));
  return file == rules_.files.end() ? rules_.other : file->second;
}

}  // namespace ovpnbroker::policy
