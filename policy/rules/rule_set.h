// The embedded rules: an ordered list, the first rule whose conditions all hold decides, and nobody
// else gets in. Immutable once parsed, shared between the policy and whoever shows it. Any thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/string_view.h"
#include "ovpn/types/auth_request.h"
#include "ovpn/types/ip.h"
#include "ovpn/types/verdict.h"
#include "policy/rules/ccd_index.h"
#include "policy/rules/client_version.h"
#include "policy/rules/glob.h"
#include "policy/rules/time_window.h"

namespace ovpnbroker::policy {

// Names of a group file.
using Group = absl::flat_hash_set<std::string>;

// A variable of the environment that one of the patterns must match.
struct VariableCondition {
  std::string name;  // "X509_0_OU"
  std::vector<Glob> values;
};

// Conditions of one rule; all that are given must hold, and within a list one is enough. An empty
// list is a condition that was not given.
struct RuleMatch {
  std::vector<Glob> common_name;
  std::vector<Glob> username;
  std::vector<std::shared_ptr<const Group>> group;           // holds the common name
  std::vector<std::shared_ptr<const Group>> username_group;  // holds the user name
  std::vector<std::string> certificate_serial;  // lower-case hex, as NormalHex gives it
  std::vector<std::string> certificate_sha256;
  std::vector<VariableCondition> x509;  // all of them
  std::vector<ovpn::IpPrefix> real_address;
  std::vector<Glob> platform;  // IV_PLAT
  std::vector<VersionCondition> client_version;
  std::vector<Glob> instance;
  std::vector<TimeWindow> time;
  bool username_matches_common_name = false;  // equal and not empty
};

using RuleEffect = std::variant<ovpn::Allow, ovpn::Deny>;

// Where a rule that is a file of its own says what.
struct RuleOrigin {
  struct Field {
    std::string path;  // inside ClientConfig: "routes[3]"
    int line = 0;      // from 1
  };
  std::string file;  // empty: a rule of a rules file
  std::vector<Field> fields;
};

struct Rule {
  std::string name;  // given in the file, or "rules[3]"; the file's name in a client-config-dir
  RuleMatch match;
  RuleEffect effect;
  RuleOrigin origin = {};

  // Where a field like "allow.config.routes[3].gateway" is written: "ccd/alice:3", or "rules.yaml:
  // rule 'staff'" when the rule comes from the rules file `source`.
  std::string PlaceOf(absl::string_view source, absl::string_view violation_path) const;
};

class RuleSet {
 public:
  // `revision` names the content, for records. With an index the rules are the files of a
  // client-config-dir: it finds the one that decides, and `match` of the rules is not looked at.
  RuleSet(std::vector<Rule> rules, std::string revision,
          std::optional<CcdIndex> index = std::nullopt);

  // The rule that decides; nullptr when none matches. Time conditions look at the request's
  // receive_time.
  const Rule* Match(const ovpn::AuthRequest& request) const;
  // The key of the first condition of `rule` that does not hold ("platform", "x509.X509_0_OU");
  // empty when all hold. For people who ask why.
  std::string FirstFailedCondition(const Rule& rule, const ovpn::AuthRequest& request) const;

  const std::vector<Rule>& rules() const { return rules_; }
  // The order of the rules says nothing: each common name has its own.
  bool has_index() const { return index_.has_value(); }
  const std::string& revision() const { return revision_; }

 private:
  const std::vector<Rule> rules_;
  const std::string revision_;
  const std::optional<CcdIndex> index_;
  const bool uses_real_address_;    // else the address need not be parsed
  const bool uses_client_version_;  // nor the version
  const bool uses_certificate_;     // nor serial and fingerprint
};

// Hex digits of a serial number or fingerprint in one spelling: lower case, without colons.
std::string NormalHex(absl::string_view text);

}  // namespace ovpnbroker::policy
