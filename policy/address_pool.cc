#include "policy/address_pool.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace ovpnbroker::policy {
namespace {

using Family = AddressPoolOptions::Family;

std::optional<FreeAddresses> FreeOfFamily(const std::optional<Family>& family,
                                          const std::vector<AddressRange>& exclude) {
  if (!family.has_value()) return std::nullopt;
  FreeAddresses free(family->range);
  for (const AddressRange& range : exclude) {
    if (range.first.family() == family->range.first.family()) free.TakeAll(range);
  }
  return free;
}

}  // namespace

std::vector<ovpn::IpAddress> AddressLease::addresses() const {
  std::vector<ovpn::IpAddress> all;
  if (ipv4.has_value()) all.push_back(*ipv4);
  if (ipv6.has_value()) all.push_back(*ipv6);
  return all;
}

AddressPool::AddressPool(AddressPoolOptions options)
    : options_(std::move(options)),
      free_ipv4_(FreeOfFamily(options_.ipv4, options_.exclude)),
      free_ipv6_(FreeOfFamily(options_.ipv6, options_.exclude)) {
  stats_.name = options_.name;
  if (free_ipv4_.has_value()) stats_.ipv4_size = free_ipv4_->count();
  if (free_ipv6_.has_value()) stats_.ipv6_size = free_ipv6_->count();
}

std::string AddressPool::UserOf(const ovpn::ClientIdentity& identity) const {
  // A client without a certificate must not get the addresses of the certificate whose name it
  // types as its user name.
  const std::string common_name =
      identity.common_name.empty() ? "" : absl::StrCat("cn=", identity.common_name);
  const std::string username =
      identity.username.empty() ? "" : absl::StrCat("user=", identity.username);
  const bool by_name = options_.sticky_by == AddressPoolOptions::StickyBy::kCommonName;
  const std::string& first = by_name ? common_name : username;
  const std::string& second = by_name ? username : common_name;
  if (!first.empty()) return first;
  return second.empty() ? "anonymous" : second;
}

std::optional<AddressPool::LeaseId> AddressPool::FindOwn(
    const std::string& user, const std::function<bool(const AddressLease&)>& gives_way) const {
  const auto own = by_user_.find(user);
  if (own == by_user_.end()) return std::nullopt;
  std::optional<LeaseId> best;
  for (const LeaseId id : own->second) {
    const AddressLease& lease = leases_.at(id);
    if (lease.held()) {
      if (gives_way(lease)) return id;
    } else if (!best.has_value() || leases_.at(*best).last_use < lease.last_use) {
      best = id;
    }
  }
  return best;
}

bool AddressPool::CanMake() const {
  return leases_.size() < options_.max_leases &&
         (!free_ipv4_.has_value() || !free_ipv4_->empty()) &&
         (!free_ipv6_.has_value() || !free_ipv6_->empty());
}

absl::StatusOr<AddressLease> AddressPool::Give(
    const std::string& user, ovpn::WallTime now,
    const std::function<bool(const AddressLease&)>& gives_way) {
  std::optional<LeaseId> id = FindOwn(user, gives_way);
  if (!id.has_value()) {
    // Each lease has an address of every family, so one that ends makes room for one.
    if (!CanMake() && !idle_.empty()) {
      Erase(idle_.begin()->second);
      ++stats_.evicted;
    }
    if (!CanMake()) {
      ++stats_.exhausted;
      return absl::ResourceExhaustedError(
          absl::StrCat("no address is free in the pool ", options_.name));
    }
    AddressLease lease{.user = user, .ipv4 = {}, .ipv6 = {}, .last_use = now};
    if (free_ipv4_.has_value()) lease.ipv4 = free_ipv4_->Lowest();
    if (free_ipv6_.has_value()) lease.ipv6 = free_ipv6_->Lowest();
    id = Insert(std::move(lease));
  }
  Touch(*id, now);
  ++stats_.given;
  return leases_.at(*id);
}

void AddressPool::Touch(LeaseId id, ovpn::WallTime now) {
  AddressLease& lease = leases_.at(id);
  const bool was_idle = idle_.erase({lease.last_use, id}) > 0;
  lease.last_use = now;
  if (was_idle) idle_.emplace(now, id);
  Changed(id);
}

void AddressPool::Changed(LeaseId id) {
  changed_.insert(id);
  ++revision_;
}

bool AddressPool::Fits(const AddressLease& lease) const {
  if (lease.ipv4.has_value() != options_.ipv4.has_value() ||
      lease.ipv6.has_value() != options_.ipv6.has_value()) {
    return false;
  }
  const std::vector<ovpn::IpAddress> addresses = lease.addresses();
  return std::all_of(addresses.begin(), addresses.end(), [&](const ovpn::IpAddress& address) {
    return Contains(address) && !by_address_.contains(address);
  });
}

bool AddressPool::Restore(AddressLease lease) {
  if (leases_.size() >= options_.max_leases || !Fits(lease)) return false;
  Changed(Insert(std::move(lease)));
  return true;
}

AddressPool::LeaseId AddressPool::Insert(AddressLease lease) {
  const LeaseId id = ++last_id_;
  lease.holds = 0;
  for (const ovpn::IpAddress& address : lease.addresses()) {
    FreeOf(address)->Take(address);
    by_address_.emplace(address, id);
    if (strays_.erase(address) > 0) ++lease.holds;
  }
  by_user_[lease.user].push_back(id);
  if (lease.held()) {
    ++stats_.held;
  } else {
    idle_.emplace(lease.last_use, id);
  }
  leases_.emplace(id, std::move(lease));
  return id;
}

// `id` is not held.
void AddressPool::Erase(LeaseId id) {
  const auto node = leases_.extract(id);
  const AddressLease& lease = node.mapped();
  idle_.erase({lease.last_use, id});
  for (const ovpn::IpAddress& address : lease.addresses()) {
    by_address_.erase(address);
    FreeOf(address)->Put(address);
  }
  const auto own = by_user_.find(lease.user);
  std::erase(own->second, id);
  if (own->second.empty()) by_user_.erase(own);
  Changed(id);
  // One that came and went untold is nobody's concern, however long nobody asks.
  if (id > last_told_id_) changed_.erase(id);
}

absl::Status AddressPool::Release(const ovpn::IpAddress& address) {
  const auto found = by_address_.find(address);
  if (found == by_address_.end()) {
    return absl::NotFoundError(
        absl::StrCat(address.ToString(), " has no lease in the pool ", options_.name));
  }
  const AddressLease& lease = leases_.at(found->second);
  if (lease.held()) {
    return absl::FailedPreconditionError(
        absl::StrCat(address.ToString(), " is held by a live session of ", lease.user));
  }
  Erase(found->second);
  return absl::OkStatus();
}

void AddressPool::ContinueCounts(const AddressPoolStats& replaced) {
  stats_.given = replaced.given;
  stats_.exhausted = replaced.exhausted;
  stats_.evicted = replaced.evicted;
}

void AddressPool::Configure(const AddressLease& lease, ovpn::ClientConfig& config) const {
  config.address_pool.clear();
  if (lease.ipv4.has_value()) {
    const ovpn::IpAddress netmask = *ovpn::IpAddress::Parse(options_.ipv4->network.NetmaskText());
    config.ifconfig_push = ovpn::IfconfigPush{*lease.ipv4, netmask};
  }
  if (lease.ipv6.has_value()) {
    config.ifconfig_ipv6_push = ovpn::IfconfigIpv6Push{*lease.ipv6, options_.ipv6->network.length(),
                                                       options_.ipv6->gateway};
  }
}

bool AddressPool::Contains(const ovpn::IpAddress& address) const {
  const std::optional<Family>& family = address.is_v4() ? options_.ipv4 : options_.ipv6;
  return family.has_value() && family->range.Contains(address) &&
         std::none_of(options_.exclude.begin(), options_.exclude.end(),
                      [&](const AddressRange& range) { return range.Contains(address); });
}

FreeAddresses* AddressPool::FreeOf(const ovpn::IpAddress& address) {
  return address.is_v4() ? &*free_ipv4_ : &*free_ipv6_;
}

void AddressPool::OnHeld(const ovpn::IpAddress& address) {
  if (!Contains(address)) return;
  const auto found = by_address_.find(address);
  if (found == by_address_.end()) {
    FreeOf(address)->Take(address);
    strays_.insert(address);
    return;
  }
  AddressLease& lease = leases_.at(found->second);
  if (++lease.holds > 1) return;
  idle_.erase({lease.last_use, found->second});
  ++stats_.held;
}

void AddressPool::OnFreed(const ovpn::IpAddress& address, ovpn::WallTime now) {
  if (strays_.erase(address) > 0) return FreeOf(address)->Put(address);
  const auto found = by_address_.find(address);
  if (found == by_address_.end()) return;
  AddressLease& lease = leases_.at(found->second);
  if (--lease.holds > 0) return;
  lease.last_use = now;
  idle_.emplace(now, found->second);
  --stats_.held;
  Changed(found->second);
}

void AddressPool::VisitLeases(const std::optional<ovpn::IpAddress>& after,
                              const std::function<bool(const AddressLease&)>& visit) const {
  auto next = after.has_value() ? by_address_.upper_bound(*after) : by_address_.begin();
  for (; next != by_address_.end(); ++next) {
    const AddressLease& lease = leases_.at(next->second);
    // A lease with two addresses is listed once, under the one that names it.
    if (lease.address() == next->first && !visit(lease)) return;
  }
}

LeaseChanges AddressPool::TakeChanges() {
  LeaseChanges changes;
  changes.first = last_told_id_ == 0;
  changes.set.reserve(changed_.size());
  for (const LeaseId id : std::exchange(changed_, {})) {
    const auto lease = leases_.find(id);
    if (lease == leases_.end()) {
      changes.gone.push_back(id);
    } else {
      changes.set.emplace_back(*lease);
    }
  }
  last_told_id_ = last_id_;
  return changes;
}

AddressPoolStats AddressPool::Stats() const {
  AddressPoolStats stats = stats_;
  stats.leases = leases_.size();
  return stats;
}

}  // namespace ovpnbroker::policy
