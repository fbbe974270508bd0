#include "tests/support/command_properties.h"

#include <algorithm>
#include <set>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "ovpn/management/client_auth_block.h"
#include "ovpn/management/command.h"
#include "ovpn/management/text_argument.h"
#include "tests/support/openvpn_reader.h"

namespace ovpnbroker::test {
namespace {

using ovpn::Cid;
using ovpn::Kid;

const std::set<std::string>& BlockOptions() {
  static const auto* const options = new std::set<std::string>{
      "push-reset",    "push-remove",        "inactive", "vlan-pvid",  "push",
      "ifconfig-push", "ifconfig-ipv6-push", "iroute",   "iroute-ipv6"};
  return *options;
}

std::string BrokenViolations(const std::vector<ovpn::FieldViolation>& violations,
                             absl::string_view root) {
  if (violations.empty()) return "refused without a violation";
  for (const ovpn::FieldViolation& violation : violations) {
    if (!absl::StartsWith(violation.field, root)) return "foreign field " + violation.field;
    if (violation.description.empty()) return "no description for " + violation.field;
    if (!std::none_of(violation.description.begin(), violation.description.end(),
                      ovpn::IsControlByte)) {
      return "control bytes in a description for " + violation.field;
    }
  }
  return "";
}

std::string BrokenLine(const std::string& line) {
  if (line.size() > ovpn::kMaxBodyLineBytes) return "line too long: " + line;
  if (!std::none_of(line.begin(), line.end(), ovpn::IsControlByte)) return "unprintable: " + line;
  return "";
}

std::string BrokenOption(const std::vector<std::string>& words) {
  if (words.empty()) return "OpenVPN rejects a line";
  if (BlockOptions().count(words[0]) == 0) return "unknown option " + words[0];
  if (words[0] != "push") return "";
  if (words.size() != 2) return "push needs one argument";
  if (absl::StrContains(words[1], ",")) return "comma in " + words[1];
  const auto pushed = OpenvpnWords(words[1]);
  if (!pushed.has_value() || pushed->empty()) return "a client rejects " + words[1];
  return "";
}

}  // namespace

const ovpn::DirectivePolicy& SomeRawDirectives() {
  static const auto* const policy = new ovpn::DirectivePolicy(
      ovpn::DirectivePolicy::Make({"inactive", "vlan-pvid", "push"}).value());
  return *policy;
}

std::string BrokenBlockProperty(const ovpn::ClientConfig& config) {
  const auto block = ovpn::ClientAuthBlock::Compile(config, SomeRawDirectives());
  if (!block.ok()) return BrokenViolations(block.violations(), "allow.config");
  for (const std::string& line : block.value().lines()) {
    if (std::string broken = BrokenLine(line); !broken.empty()) return broken;
  }

  const auto command = ovpn::commands::ClientAuth(Cid{7}, Kid{3}, block.value());
  const std::vector<ExecutedCommand> executed = RunAsOpenvpn(command.value().bytes);
  if (executed.size() != 1) return absl::StrCat("OpenVPN runs ", executed.size(), " commands");
  if (executed[0].words != std::vector<std::string>{"client-auth", "7", "3"}) return "wrong header";
  if (executed[0].fatal) return "OpenVPN exits";
  const auto& options = executed[0].body;
  if (options.size() != block.value().lines().size()) return "lines were split or dropped";
  for (const auto& words : options) {
    if (std::string broken = BrokenOption(words); !broken.empty()) return broken;
  }
  // push_options come last, in order.
  for (size_t i = 0; i < config.push_options.size(); ++i) {
    const auto& words = options[options.size() - config.push_options.size() + i];
    if (OpenvpnWords(words[1]) != OpenvpnWords(config.push_options[i])) {
      return "a client reads another option than " + config.push_options[i];
    }
  }
  return "";
}

std::string BrokenDenyProperty(const ovpn::Deny& deny) {
  const auto command = ovpn::commands::ClientDeny(Cid{7}, Kid{3}, deny);
  if (!command.ok()) return BrokenViolations(command.violations(), "deny.");
  if (command.value().bytes.size() > ovpn::kMaxCommandLineBytes) return "line too long";
  const std::vector<ExecutedCommand> executed = RunAsOpenvpn(command.value().bytes);
  if (executed.size() != 1) return absl::StrCat("OpenVPN runs ", executed.size(), " commands");
  const std::vector<std::string>& words = executed[0].words;
  if (words.size() < 4 || words.size() > 5) return absl::StrCat(words.size(), " words");
  if (words[0] != "client-deny" || words[1] != "7" || words[2] != "3") return "wrong header";
  if (words[3] != deny.reason) return "another reason";
  const std::string client_reason = words.size() == 5 ? words[4] : "";
  const bool temporary = absl::StartsWith(client_reason, "TEMP[backoff ");
  if (temporary != deny.retry.has_value()) return "another kind of deny";
  if (!absl::EndsWith(client_reason, deny.client_reason)) return "another client reason";
  if (!temporary && client_reason != deny.client_reason) return "another client reason";
  return "";
}

}  // namespace ovpnbroker::test
