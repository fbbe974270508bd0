// One address pool: which addresses it has and whose they are. A *lease* ties a user to addresses,
// one of each family the pool has, and stays after the session so that the user gets them again; a
// lease is *held* while a live session has one of its addresses, and never given to anybody else
// then. Free addresses cost nothing; every operation is O(log n) in leases. Owned by AddressPools,
// which tells it what is held; loop thread only.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ovpn/base/clock.h"
#include "ovpn/types/client_config.h"
#include "ovpn/types/client_identity.h"
#include "policy/address_pool_options.h"
#include "policy/free_addresses.h"

namespace ovpnbroker::policy {

struct AddressLease {
  std::string user;  // AddressPool::UserOf
  std::optional<ovpn::IpAddress> ipv4;
  std::optional<ovpn::IpAddress> ipv6;
  ovpn::WallTime last_use;  // when it was given, or when the last session that had it ended
  int holds = 0;            // addresses of it that live sessions have; never written to a file

  bool held() const { return holds > 0; }
  // The addresses that are there.
  std::vector<ovpn::IpAddress> addresses() const;
  // What names it in lists: the IPv4 address when it has one.
  const ovpn::IpAddress& address() const { return ipv4.has_value() ? *ipv4 : *ipv6; }
};

// What became of leases since they were asked for the last time.
struct LeaseChanges {
  using Id = uint64_t;  // of a lease of this pool, never given again

  bool first = false;  // nothing was told before: these are all that there are
  std::vector<std::pair<Id, AddressLease>> set;
  std::vector<Id> gone;
};

struct AddressPoolStats {
  std::string name;
  absl::uint128 ipv4_size = 0;  // addresses that clients may have
  absl::uint128 ipv6_size = 0;
  uint64_t leases = 0;
  uint64_t held = 0;       // leases that live sessions have
  uint64_t given = 0;      // since the broker started
  uint64_t exhausted = 0;  // clients denied because nothing was free
  uint64_t evicted = 0;    // leases that were taken from their users for somebody else
};

class AddressPool {
 public:
  // `options` are checked (server/config).
  explicit AddressPool(AddressPoolOptions options);

  const AddressPoolOptions& options() const { return options_; }

  // Whose lease a client gets: "cn=NAME" or "user=NAME", by sticky_by; "anonymous" without either.
  std::string UserOf(const ovpn::ClientIdentity& identity) const;

  // Addresses for `user`: a lease whose holders all give way (`gives_way`), the last one used among
  // those that nobody holds, a new one, or the one unused for longest of somebody else.
  // RESOURCE_EXHAUSTED when all are held.
  absl::StatusOr<AddressLease> Give(const std::string& user, ovpn::WallTime now,
                                    const std::function<bool(const AddressLease&)>& gives_way);
  // Takes over a lease that an earlier broker gave. False when it does not fit this pool (any more)
  // or is somebody's already.
  bool Restore(AddressLease lease);
  // Ends a lease. NOT_FOUND; FAILED_PRECONDITION while it is held.
  absl::Status Release(const ovpn::IpAddress& address);
  // Goes on counting where the pool that this one replaces has stopped.
  void ContinueCounts(const AddressPoolStats& replaced);
  // Puts the pool's addresses where OpenVPN looks for them.
  void Configure(const AddressLease& lease, ovpn::ClientConfig& config) const;

  bool Contains(const ovpn::IpAddress& address) const;
  // The first live session has got `address`; the last one that had it has ended.
  void OnHeld(const ovpn::IpAddress& address);
  void OnFreed(const ovpn::IpAddress& address, ovpn::WallTime now);

  // In order of addresses (IPv4 first), from the first behind `after`, until `visit` returns false.
  void VisitLeases(const std::optional<ovpn::IpAddress>& after,
                   const std::function<bool(const AddressLease&)>& visit) const;
  AddressPoolStats Stats() const;
  // What is different since the last call, of what is worth keeping over a restart.
  LeaseChanges TakeChanges();
  // Grows with each change that is worth keeping over a restart.
  uint64_t revision() const { return revision_; }

 private:
  using LeaseId = LeaseChanges::Id;

  // It is worth keeping.
  void Changed(LeaseId id);
  bool Fits(const AddressLease& lease) const;
  bool CanMake() const;
  LeaseId Insert(AddressLease lease);
  void Erase(LeaseId id);
  std::optional<LeaseId> FindOwn(const std::string& user,
                                 const std::function<bool(const AddressLease&)>& gives_way) const;
  void Touch(LeaseId id, ovpn::WallTime now);
  FreeAddresses* FreeOf(const ovpn::IpAddress& address);

  const AddressPoolOptions options_;
  std::optional<FreeAddresses> free_ipv4_;
  std::optional<FreeAddresses> free_ipv6_;
  AddressPoolStats stats_;
  uint64_t revision_ = 0;
  absl::flat_hash_set<LeaseId> changed_;  // for TakeChanges; those that are gone, too
  LeaseId last_told_id_ = 0;              // 0: nothing was told

  LeaseId last_id_ = 0;
  absl::flat_hash_map<LeaseId, AddressLease> leases_;
  absl::btree_map<ovpn::IpAddress, LeaseId> by_address_;
  absl::flat_hash_map<std::string, std::vector<LeaseId>> by_user_;  // each user has few
  // Leases that nobody holds, the longest unused first.
  absl::btree_set<std::pair<ovpn::WallTime, LeaseId>> idle_;
  absl::flat_hash_set<ovpn::IpAddress> strays_;  // held without a lease: not from this pool's hand
};

}  // namespace ovpnbroker::policy
