#include "policy/verdict_diff.h"

#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace ovpnbroker::policy {
namespace {

// A field's value as it is compared and as it is shown.
struct Value {
  std::string exact;
  std::string shown;
};

// A verdict as a flat list, in the order of its fields.
class Fields {
 public:
  void Add(std::string path, const std::string& value) {
    Value both{value, value};
    list_.emplace_back(std::move(path), std::move(both));
  }
  void AddHidden(std::string path, const std::string& value, absl::string_view shown) {
    list_.emplace_back(std::move(path), Value{value, absl::StrCat(shown, "[hidden]")});
  }
  template <typename List, typename Print>
  void AddList(absl::string_view path, const List& list, Print print) {
    for (size_t i = 0; i < list.size(); ++i) Add(absl::StrCat(path, "[", i, "]"), print(list[i]));
  }
  // Option lines: their first word says what they are.
  void AddOptions(absl::string_view path, const std::vector<std::string>& lines) {
    for (size_t i = 0; i < lines.size(); ++i) {
      AddHidden(absl::StrCat(path, "[", i, "]"), lines[i],
                absl::StrCat(lines[i].substr(0, lines[i].find(' ')), " "));
    }
  }

  const std::vector<std::pair<std::string, Value>>& list() const { return list_; }

 private:
  std::vector<std::pair<std::string, Value>> list_;
};

std::string RouteText(const ovpn::Route& route) {
  std::string text = route.destination.ToString();
  if (route.gateway.has_value()) absl::StrAppend(&text, " via ", route.gateway->ToString());
  if (route.metric.has_value()) absl::StrAppend(&text, " metric ", *route.metric);
  return text;
}

void Flatten(const ovpn::ClientConfig& config, Fields& fields) {
  const auto path = [](absl::string_view name) { return absl::StrCat("allow.config.", name); };
  const auto text = [](const std::string& value) { return value; };
  const auto printed = [](const auto& value) { return value.ToString(); };
  if (config.ifconfig_push.has_value()) {
    fields.Add(path("ifconfig_push.local"), config.ifconfig_push->local.ToString());
    fields.Add(path("ifconfig_push.remote_or_netmask"),
               config.ifconfig_push->remote_or_netmask.ToString());
  }
  if (config.ifconfig_ipv6_push.has_value()) {
    const ovpn::IfconfigIpv6Push& push = *config.ifconfig_ipv6_push;
    fields.Add(path("ifconfig_ipv6_push.local"), push.local.ToString());
    fields.Add(path("ifconfig_ipv6_push.prefix_length"), absl::StrCat(push.prefix_length));
    if (push.remote.has_value()) {
      fields.Add(path("ifconfig_ipv6_push.remote"), push.remote->ToString());
    }
  }
  fields.AddList(path("routes"), config.routes, RouteText);
  fields.AddList(path("iroutes"), config.iroutes, printed);
  fields.AddList(path("dns"), config.dns, printed);
  fields.AddList(path("search_domains"), config.search_domains, text);
  if (config.redirect_gateway.has_value()) {
    fields.Add(path("redirect_gateway"),
               absl::StrCat("flags: ", absl::StrJoin(config.redirect_gateway->flags, " ")));
  }
  if (config.push_reset) fields.Add(path("push_reset"), "true");
  fields.AddList(path("push_remove"), config.push_remove, text);
  fields.AddOptions(path("push_options"), config.push_options);
  fields.AddOptions(path("raw_directives"), config.raw_directives);
  if (!config.address_pool.empty()) fields.Add(path("address_pool"), config.address_pool);
}

void Flatten(const ovpn::SessionLimits& limits, Fields& fields) {
  if (limits.max_duration.has_value()) {
    fields.Add("allow.limits.max_duration", absl::StrCat(limits.max_duration->count(), "s"));
  }
  if (limits.max_sessions == 0) return;
  const bool deny_new = limits.excess == ovpn::SessionLimits::Excess::kDenyNew;
  fields.Add("allow.limits.max_sessions", absl::StrCat(limits.max_sessions));
  fields.Add("allow.limits.excess", deny_new ? "DENY_NEW" : "END_OLDEST");
}

void Flatten(const ovpn::Deny& deny, Fields& fields) {
  fields.Add("deny.reason", deny.reason);
  if (!deny.client_reason.empty()) fields.Add("deny.client_reason", deny.client_reason);
  if (!deny.code.empty()) fields.Add("deny.code", deny.code);
  if (deny.retry.has_value()) {
    fields.Add("deny.retry.backoff", absl::StrCat(deny.retry->backoff.count(), "s"));
    fields.Add("deny.retry.advance", deny.retry->advance ? "true" : "false");
  }
  if (deny.challenge.has_value()) fields.AddHidden("deny.challenge.text", deny.challenge->text, "");
}

Fields Flatten(const ovpn::Verdict& verdict) {
  Fields fields;
  fields.Add("verdict", std::string(ovpn::VerdictName(verdict)));
  if (const auto* allow = std::get_if<ovpn::Allow>(&verdict)) {
    Flatten(allow->config, fields);
    Flatten(allow->limits, fields);
  } else if (const auto* deny = std::get_if<ovpn::Deny>(&verdict)) {
    Flatten(*deny, fields);
  } else if (const auto* failure = std::get_if<ovpn::Failure>(&verdict)) {
    fields.Add("failure.cause", std::string(ToString(failure->cause)));
  } else if (const auto* pending = std::get_if<ovpn::PendingAuth>(&verdict)) {
    const bool web = pending->method == ovpn::PendingAuth::Method::kWebAuth;
    fields.Add("pending_auth.method", web ? "WEB_AUTH" : "CHALLENGE");
  }
  return fields;
}

}  // namespace

std::vector<FieldDifference> DiffVerdicts(const ovpn::Verdict& enforced,
                                          const ovpn::Verdict& candidate) {
  const Fields left = Flatten(enforced);
  const Fields right = Flatten(candidate);
  std::map<absl::string_view, const Value*> others;
  for (const auto& [path, value] : right.list()) others.emplace(path, &value);

  std::vector<FieldDifference> differences;
  for (const auto& [path, value] : left.list()) {
    const auto other = others.find(path);
    if (other == others.end()) {
      differences.push_back({path, value.shown, ""});
      continue;
    }
    if (other->second->exact != value.exact) {
      differences.push_back({path, value.shown, other->second->shown});
    }
    others.erase(other);
  }
  for (const auto& [path, value] : right.list()) {
    if (others.count(path) > 0) differences.push_back({path, "", value.shown});
  }
  if (differences.size() > kMaxFieldDifferences) {
    const size_t more = differences.size() - kMaxFieldDifferences;
    differences.resize(kMaxFieldDifferences);
    differences.push_back({"...", absl::StrCat(more, " more fields"), ""});
  }
  return differences;
}

}  // namespace ovpnbroker::policy
