#include "policy/address_pools.h"

#include <algorithm>
#include <utility>

namespace ovpnbroker::policy {

AddressPools::AddressPools(std::vector<AddressPoolOptions> options) {
  for (AddressPoolOptions& pool : options) {
    pools_.push_back(std::make_unique<AddressPool>(std::move(pool)));
  }
}

void AddressPools::Replace(std::vector<AddressPoolOptions> options,
                           const absl::flat_hash_set<std::string>& unchanged) {
  std::vector<std::unique_ptr<AddressPool>> old = std::exchange(pools_, {});
  absl::flat_hash_set<const AddressPool*> fresh;
  for (AddressPoolOptions& option : options) {
    const auto same = std::find_if(old.begin(), old.end(), [&option](const auto& pool) {
      return pool != nullptr && pool->options().name == option.name;
    });
    if (same != old.end() && unchanged.contains(option.name)) {
      pools_.push_back(std::move(*same));
      continue;
    }
    pools_.push_back(std::make_unique<AddressPool>(std::move(option)));
    fresh.insert(pools_.back().get());
    if (same == old.end()) continue;
    pools_.back()->ContinueCounts((*same)->Stats());
    (*same)->VisitLeases(std::nullopt, [this](const AddressLease& lease) {
      AddressLease kept = lease;
      kept.holds = 0;
      pools_.back()->Restore(std::move(kept));
      return true;
    });
  }
  for (const auto& [address, holders] : holders_) {
    AddressPool* const owner = Owner(address);
    if (owner != nullptr && fresh.contains(owner)) owner->OnHeld(address);
  }
}

AddressPool* AddressPools::Find(absl::string_view name) const {
  for (const auto& pool : pools_) {
    if (pool->options().name == name) return pool.get();
  }
  return nullptr;
}

AddressPool* AddressPools::Owner(const ovpn::IpAddress& address) const {
  for (const auto& pool : pools_) {
    if (pool->Contains(address)) return pool.get();
  }
  return nullptr;
}

std::vector<absl::string_view> AddressPools::Names() const {
  std::vector<absl::string_view> names;
  names.reserve(pools_.size());
  for (const auto& pool : pools_) names.push_back(pool->options().name);
  return names;
}

std::vector<std::pair<std::string, LeaseChanges>> AddressPools::TakeLeaseChanges() {
  std::vector<std::pair<std::string, LeaseChanges>> changes;
  changes.reserve(pools_.size());
  for (const auto& pool : pools_) changes.emplace_back(pool->options().name, pool->TakeChanges());
  return changes;
}

void AddressPools::Hold(const Holder& holder, const ovpn::IpAddress& address) {
  std::vector<ovpn::IpAddress>& own = by_session_[holder.session];
  if (std::find(own.begin(), own.end(), address) != own.end()) return;
  own.push_back(address);
  std::vector<Holder>& holders = holders_[address];
  holders.push_back(holder);
  if (holders.size() > 1) return;
  if (AddressPool* pool = Owner(address)) pool->OnHeld(address);
}

void AddressPools::Release(const ovpn::SessionUid& session, ovpn::WallTime now) {
  const auto own = by_session_.extract(session);
  if (own.empty()) return;
  for (const ovpn::IpAddress& address : own.mapped()) {
    const auto holders = holders_.find(address);
    std::erase_if(holders->second, [&](const Holder& holder) { return holder.session == session; });
    if (!holders->second.empty()) continue;
    holders_.erase(holders);
    if (AddressPool* pool = Owner(address)) pool->OnFreed(address, now);
  }
}

std::vector<AddressPools::Holder> AddressPools::HoldersOf(const ovpn::IpAddress& address,
                                                          absl::string_view instance) const {
  const auto found = holders_.find(address);
  if (found == holders_.end()) return {};
  if (Owner(address) != nullptr) return found->second;
  std::vector<Holder> holders;
  for (const Holder& holder : found->second) {
    if (holder.instance == instance) holders.push_back(holder);
  }
  return holders;
}

std::vector<ovpn::IpAddress> AddressPools::HeldBy(const ovpn::SessionUid& session) const {
  const auto found = by_session_.find(session);
  return found == by_session_.end() ? std::vector<ovpn::IpAddress>() : found->second;
}

}  // namespace ovpnbroker::policy
