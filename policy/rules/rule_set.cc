#include "policy/rules/rule_set.h"

#include <algorithm>
#include <utility>

namespace ovpnbroker::policy {
namespace {

bool MatchesAny(const std::vector<Glob>& globs, absl::string_view text) {
  return globs.empty() || std::any_of(globs.begin(), globs.end(),
                                      [text](const Glob& glob) { return glob.Matches(text); });
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

bool Holds(const RuleMatch& match, const ovpn::AuthRequest& request,
           const std::optional<ovpn::IpAddress>& address) {
  const ovpn::ClientIdentity& identity = request.session.identity;
  if (match.username_matches_common_name &&
      (identity.username.empty() || identity.username != identity.common_name)) {
    return false;
  }
  return MatchesAny(match.common_name, identity.common_name) &&
         MatchesAny(match.username, identity.username) &&
         MatchesAny(match.platform, identity.platform) &&
         MatchesAny(match.instance, request.key.client.instance) &&
         MatchesAny(match.real_address, address);
}

}  // namespace

RuleSet::RuleSet(std::vector<Rule> rules, std::string revision)
    : rules_(std::move(rules)),
      revision_(std::move(revision)),
      uses_real_address_(std::any_of(rules_.begin(), rules_.end(), [](const Rule& rule) {
        return !rule.match.real_address.empty();
      })) {}

const Rule* RuleSet::Match(const ovpn::AuthRequest& request) const {
  const std::optional<ovpn::IpAddress> address =
      uses_real_address_ ? AddressOf(request.session.identity.real_address) : std::nullopt;
  const auto rule = std::find_if(rules_.begin(), rules_.end(), [&](const Rule& candidate) {
    return Holds(candidate.match, request, address);
  });
  return rule == rules_.end() ? nullptr : &*rule;
}

}  // namespace ovpnbroker::policy
