// The broker's configuration: any bytes give a configuration or findings, never a crash. What was
// accepted keeps the promises that the rest of the broker builds on.
#include <cstdint>
#include <cstdlib>

#include "absl/strings/string_view.h"
#include "server/config/config_loader.h"

namespace {

using ovpnbroker::server::Finding;
using ovpnbroker::server::FormatFindings;
using ovpnbroker::server::LoadedConfig;
using ovpnbroker::server::ParseConfig;

void Require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view yaml(reinterpret_cast<const char*>(data), size);
  const LoadedConfig loaded = ParseConfig(yaml, "fuzz.yaml", "/etc/ovpn-broker");
  for (const Finding& finding : loaded.findings) Require(!finding.message.empty());
  Require(FormatFindings(loaded.findings).empty() == loaded.findings.empty());
  if (!loaded.ok()) return 0;
  Require(loaded.config.instances_size() > 0 && loaded.config.policies_size() > 0);
  Require(loaded.config.runtime_directory().front() == '/');
  for (const auto& instance : loaded.config.instances()) {
    Require(!instance.name().empty() && instance.config().front() == '/');
    Require(instance.decision().timeout().seconds() + instance.decision().timeout().nanos() > 0);
  }
  return 0;
}
