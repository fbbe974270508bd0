#include "server/reload/reload_plan.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace ovpnbroker::server {
namespace {

constexpr absl::string_view kInstance = "instances[*]";

struct Row {
  absl::string_view pattern;  // of a field, or of all below it
  ReloadEffect effect;
};

// The first row that fits counts. What no row names needs another start of the broker, so that a
// field that is new is never said to be in force when it is not.
constexpr Row kRows[] = {
    {"log.level", ReloadEffect::kLive},
    {"admin.tcp.roles", ReloadEffect::kLive},
    {"admin.max_watches", ReloadEffect::kLive},
    {"fail_fast", ReloadEffect::kLive},
    {"shutdown_timeout", ReloadEffect::kLive},
    {"policies[*]", ReloadEffect::kLive},
    {"address_pools[*]", ReloadEffect::kLive},
    {"instances[*].policy", ReloadEffect::kLive},
    {"instances[*].shadows", ReloadEffect::kLive},
    {"instances[*].decision", ReloadEffect::kLive},
    {"instances[*].failure", ReloadEffect::kLive},
    {"instances[*].prompt_verdict", ReloadEffect::kLive},
    {"instances[*].address_mismatch", ReloadEffect::kLive},
    {"instances[*].autostart", ReloadEffect::kLive},
    {kInstance, ReloadEffect::kInstanceStop},
};

bool Fits(absl::string_view pattern, absl::string_view field) {
  if (!absl::StartsWith(field, pattern)) return false;
  return field.size() == pattern.size() || field[pattern.size()] == '.' ||
         field[pattern.size()] == '[';
}

ReloadEffect EffectOf(const FieldChange& field) {
  for (const Row& row : kRows) {
    if (Fits(row.pattern, field.pattern)) return row.effect;
  }
  return ReloadEffect::kBrokerRestart;
}

}  // namespace

std::vector<ReloadChange> PlanReload(const config::v1::BrokerConfig& current,
                                     const config::v1::BrokerConfig& next,
                                     const std::function<bool(const std::string&)>& stopped) {
  std::vector<ReloadChange> plan;
  for (FieldChange& field : DiffConfigs(current, next)) {
    ReloadChange change{.field = std::move(field)};
    change.effect = EffectOf(change.field);
    const bool added = change.field.pattern == kInstance && change.field.old_value.empty();
    if (added) change.effect = ReloadEffect::kLive;
    if (change.effect == ReloadEffect::kInstanceStop) {
      change.instance = change.field.entry;
      change.refused = !stopped(change.instance);
    } else {
      change.refused = change.effect == ReloadEffect::kBrokerRestart;
    }
    plan.push_back(std::move(change));
  }
  return plan;
}

std::string WhyRefused(const ReloadChange& change) {
  if (change.effect == ReloadEffect::kInstanceStop) {
    return absl::StrCat("instance ", change.instance,
                        " runs with the old value; stop it, reload, and start it again");
  }
  return "changes only when the broker is started again";
}

}  // namespace ovpnbroker::server
