#include "policy/rules/rule_set.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "ovpn/base/suggest.h"

namespace ovpnbroker::policy {
namespace {

bool MatchesAny(const std::vector<Glob>& globs, absl::string_view text) {
  for (const Glob& glob : globs) {
    if (glob.Matches(text)) return true;
  }
  return globs.empty();
}

bool MatchesAny(const std::vector<ovpn::IpPrefix>& prefixes,
                const std::optional<ovpn::IpAddress>& address) {
  if (prefixes.empty()) return true;
  return address.has_value() &&
         std::any_of(prefixes.begin(), prefixes.end(),
                     [&](const ovpn::IpPrefix& prefix) { return prefix.Contains(*address); });
}

// "192.0.2.7:50123" or "[2001:db8::7]:50123" without the port; nullopt when it is neither.
std::optional<ovpn::IpAddress> AddressOf(absl::string_view real_address) {
  const size_t colon = real_address.rfind(':');
  if (colon == absl::string_view::npos) return std::nullopt;
  absl::string_view text = real_address.substr(0, colon);
  if (text.size() >= 2 && text.front() == '[' && text.back() == ']') {
    text = text.substr(1, text.size() - 2);
  }
  const absl::StatusOr<ovpn::IpAddress> address = ovpn::IpAddress::Parse(text);
  return address.ok() ? std::make_optional(*address) : std::nullopt;
}

bool Contains(const std::vector<std::string>& wanted, const std::string& value) {
  return wanted.empty() || std::find(wanted.begin(), wanted.end(), value) != wanted.end();
}

bool ContainsMember(const std::vector<std::shared_ptr<const Group>>& groups,
                    const std::string& name) {
  return groups.empty() || std::any_of(groups.begin(), groups.end(),
                                       [&](const auto& group) { return group->contains(name); });
}

// What the conditions compare, read once for a request.
struct Client {
  const ovpn::AuthRequest& request;
  std::optional<ovpn::IpAddress> address;
  std::optional<ClientVersion> version;
  std::string serial;
  std::string sha256;
};

bool VariableHolds(const VariableCondition& condition, const Client& client) {
  const auto value = client.request.environment->Get(condition.name);
  return value.has_value() && MatchesAny(condition.values, *value);
}

bool VersionHolds(const std::vector<VersionCondition>& wanted, const Client& client) {
  return wanted.empty() ||
         (client.version.has_value() &&
          std::any_of(wanted.begin(), wanted.end(), [&](const VersionCondition& condition) {
            return condition.Holds(*client.version);
          }));
}

bool TimeHolds(const std::vector<TimeWindow>& windows, ovpn::WallTime time) {
  return windows.empty() || std::any_of(windows.begin(), windows.end(),
                                        [&](const auto& window) { return window.Contains(time); });
}

constexpr absl::string_view kX509Key = "x509";

// The key of the first condition that does not hold; empty when all hold. Cheap comparisons first,
// and nothing is allocated.
absl::string_view FailedKey(const RuleMatch& match, const Client& client) {
  const ovpn::ClientIdentity& identity = *client.request.session.identity;
  if (match.username_matches_common_name &&
      (identity.username.empty() || identity.username != identity.common_name)) {
    return "username_matches_common_name";
  }
  if (!MatchesAny(match.common_name, identity.common_name)) return "common_name";
  if (!MatchesAny(match.username, identity.username)) return "username";
  if (!MatchesAny(match.instance, client.request.key.client.instance)) return "instance";
  if (!MatchesAny(match.platform, identity.platform)) return "platform";
  if (!MatchesAny(match.real_address, client.address)) return "real_address";
  if (!VersionHolds(match.client_version, client)) return "client_version";
  if (!Contains(match.certificate_serial, client.serial)) return "certificate_serial";
  if (!Contains(match.certificate_sha256, client.sha256)) return "certificate_sha256";
  if (!ContainsMember(match.group, identity.common_name)) return "group";
  if (!ContainsMember(match.username_group, identity.username)) return "username_group";
  if (!std::all_of(match.x509.begin(), match.x509.end(), [&](const VariableCondition& condition) {
        return VariableHolds(condition, client);
      })) {
    return kX509Key;
  }
  if (!TimeHolds(match.time, client.request.receive_time)) return "time";
  return "";
}

template <typename Uses>
bool AnyRule(const std::vector<Rule>& rules, Uses uses) {
  return std::any_of(rules.begin(), rules.end(),
                     [&](const Rule& rule) { return uses(rule.match); });
}

struct Needs {
  bool real_address;
  bool client_version;
  bool certificate;
};

Client MakeClient(const ovpn::AuthRequest& request, const Needs& needs) {
  const ovpn::ClientIdentity& identity = *request.session.identity;
  Client client{request, std::nullopt, std::nullopt, "", ""};
  if (needs.real_address) client.address = AddressOf(identity.real_address);
  if (needs.client_version) client.version = ClientVersion::Parse(identity.client_version);
  if (needs.certificate) {
    client.serial = NormalHex(identity.certificate_serial);
    client.sha256 = NormalHex(identity.certificate_sha256);
  }
  return client;
}

}  // namespace

std::string NormalHex(absl::string_view text) {
  std::string hex;
  hex.reserve(text.size());
  for (const char c : text) {
    if (c != ':') hex.push_back(absl::ascii_tolower(static_cast<unsigned char>(c)));
  }
  return hex;
}

std::string Rule::PlaceOf(absl::string_view source, absl::string_view violation_path) const {
  if (origin.file.empty()) return absl::StrCat(source, ": rule '", name, "'");
  absl::ConsumePrefix(&violation_path, "allow.config.");
  const auto found =
      std::find_if(origin.fields.begin(), origin.fields.end(),
                   [&](const auto& field) { return absl::StartsWith(violation_path, field.path); });
  return ovpn::FormatPlace(origin.file, found == origin.fields.end() ? 0 : found->line, 0);
}

RuleSet::RuleSet(std::vector<Rule> rules, std::string revision, std::optional<CcdIndex> index)
    : rules_(std::move(rules)),
      revision_(std::move(revision)),
      index_(std::move(index)),
      uses_real_address_(
          AnyRule(rules_, [](const RuleMatch& match) { return !match.real_address.empty(); })),
      uses_client_version_(
          AnyRule(rules_, [](const RuleMatch& match) { return !match.client_version.empty(); })),
      uses_certificate_(AnyRule(rules_, [](const RuleMatch& match) {
        return !match.certificate_serial.empty() || !match.certificate_sha256.empty();
      })) {}

const Rule* RuleSet::Match(const ovpn::AuthRequest& request) const {
  if (index_.has_value()) return &rules_[index_->Find(request.session.identity->common_name)];
  const Client client =
      MakeClient(request, {uses_real_address_, uses_client_version_, uses_certificate_});
  const auto rule = std::find_if(rules_.begin(), rules_.end(), [&](const Rule& candidate) {
    return FailedKey(candidate.match, client).empty();
  });
  return rule == rules_.end() ? nullptr : &*rule;
}

std::string RuleSet::FirstFailedCondition(const Rule& rule,
                                          const ovpn::AuthRequest& request) const {
  if (index_.has_value()) return Match(request) == &rule ? "" : "common_name";
  const Client client =
      MakeClient(request, {uses_real_address_, uses_client_version_, uses_certificate_});
  const absl::string_view key = FailedKey(rule.match, client);
  if (key != kX509Key) return std::string(key);
  const auto failed =
      std::find_if(rule.match.x509.begin(), rule.match.x509.end(),
                   [&](const auto& condition) { return !VariableHolds(condition, client); });
  return absl::StrCat(key, ".", failed->name);
}

}  // namespace ovpnbroker::policy
