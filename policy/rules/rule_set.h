// The embedded rules: an ordered list, the first rule whose conditions all hold decides, and nobody
// else gets in. Immutable once parsed, shared between the policy and whoever shows it. Any thread.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/string_view.h"
#include "ovpn/types/auth_request.h"
#include "ovpn/types/ip.h"
#include "ovpn/types/verdict.h"
#include "policy/rules/glob.h"

namespace ovpnbroker::policy {

// Conditions of one rule; all that are given must hold, and within a list one is enough. An empty
// list is a condition that was not given.
struct RuleMatch {
  std::vector<Glob> common_name;
  std::vector<Glob> username;
  std::vector<ovpn::IpPrefix> real_address;
  std::vector<Glob> platform;  // IV_PLAT
  std::vector<Glob> instance;
  bool username_matches_common_name = false;  // equal and not empty
};

struct Rule {
  std::string name;  // given in the file, or "rules[3]"
  RuleMatch match;
  std::variant<ovpn::Allow, ovpn::Deny> effect;
};

class RuleSet {
 public:
  // `revision` names the content, for records.
  RuleSet(std::vector<Rule> rules, std::string revision);

  // The rule that decides; nullptr when none matches.
  const Rule* Match(const ovpn::AuthRequest& request) const;

  const std::vector<Rule>& rules() const { return rules_; }
  const std::string& revision() const { return revision_; }

 private:
  const std::vector<Rule> rules_;
  const std::string revision_;
  const bool uses_real_address_;  // else the address need not be parsed
};

}  // namespace ovpnbroker::policy
