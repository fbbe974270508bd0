// Any bytes as a file of a client-config-dir: it is read or refused, each error has a line of the
// file, and each field that is filled came from one.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/strings/string_view.h"
#include "policy/rules/ccd_file.h"

namespace {

using ovpnbroker::policy::CcdFile;
using ovpnbroker::policy::ParseCcdFile;
using ovpnbroker::policy::RuleError;

void Require(bool condition) {
  if (!condition) __builtin_trap();
}

size_t FieldCount(const ovpnbroker::ovpn::ClientConfig& config) {
  return config.routes.size() + config.iroutes.size() + config.dns.size() +
         config.search_domains.size() + config.push_remove.size() + config.push_options.size() +
         (config.ifconfig_push.has_value() ? 1 : 0) +
         (config.ifconfig_ipv6_push.has_value() ? 1 : 0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  const auto lines = std::count(text.begin(), text.end(), '\n') + 1;
  std::vector<RuleError> errors;
  const CcdFile file = ParseCcdFile(text, "alice", errors);
  for (const RuleError& error : errors) {
    Require(error.line >= 1 && error.line <= lines && error.file == "alice");
  }
  for (const auto& field : file.origin.fields) Require(field.line >= 1 && field.line <= lines);
  const auto* allow = std::get_if<ovpnbroker::ovpn::Allow>(&file.effect);
  if (allow != nullptr) {
    Require(allow->config.raw_directives.empty());
    Require(file.origin.fields.size() >= FieldCount(allow->config));
  }
  return 0;
}
