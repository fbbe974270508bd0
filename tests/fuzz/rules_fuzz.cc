// Any bytes as a rules file: either rules or errors come back, never both and never a crash; and
// rules that were accepted can judge.
#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/strings/string_view.h"
#include "policy/rules/rule_parser.h"
#include "policy/rules/rules_policy.h"

namespace {

using ovpnbroker::policy::ParseRules;
using ovpnbroker::policy::RuleParseResult;
using ovpnbroker::policy::RulesPolicy;

ovpnbroker::ovpn::AuthRequest SampleRequest() {
  ovpnbroker::ovpn::AuthRequest request;
  request.key.client.instance = "office";
  ovpnbroker::ovpn::ClientIdentity identity;
  identity.common_name = "laptop-7";
  identity.username = "laptop-7";
  identity.real_address = "[2001:db8::7]:50123";
  identity.platform = "linux";
  request.session.identity = std::move(identity);
  return request;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  RuleParseResult result = ParseRules(text);
  if ((result.rules == nullptr) != !result.errors.empty()) __builtin_trap();
  if (result.rules == nullptr) return 0;

  const RulesPolicy policy("rules", std::move(result.rules));
  if (std::holds_alternative<ovpnbroker::ovpn::Failure>(policy.Evaluate(SampleRequest()))) {
    __builtin_trap();
  }
  return 0;
}
