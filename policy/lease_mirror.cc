#include "policy/lease_mirror.h"

#include <algorithm>

#include "policy/lease_file.h"

namespace ovpnbroker::policy {

void LeaseMirror::Apply(std::vector<std::pair<std::string, LeaseChanges>> changes) {
  std::vector<std::pair<std::string, Leases>> old = std::exchange(pools_, {});
  for (auto& [name, change] : changes) {
    Leases leases;
    if (!change.first) {
      const auto same = std::find_if(old.begin(), old.end(),
                                     [&name](const auto& pool) { return pool.first == name; });
      if (same != old.end()) leases = std::move(same->second);
    }
    for (const LeaseChanges::Id id : change.gone) leases.erase(id);
    for (auto& [id, lease] : change.set) leases.insert_or_assign(id, std::move(lease));
    pools_.emplace_back(std::move(name), std::move(leases));
  }
}

std::string LeaseMirror::Text() const {
  std::vector<KeptLease> kept;
  for (const auto& [pool, leases] : pools_) {
    for (const auto& [id, lease] : leases) kept.push_back({pool, lease});
  }
  return FormatLeases(kept);
}

}  // namespace ovpnbroker::policy
