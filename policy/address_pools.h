// All address pools, and which live session has which tunnel address. An address is *held* from the
// answer that gives it until the session's DISCONNECT, also by a session that is being killed. The
// addresses of a pool belong to it in every instance; others matter inside one instance only. Owned
// by Admission; loop thread only.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/string_view.h"
#include "ovpn/base/ids.h"
#include "policy/address_pool.h"

namespace ovpnbroker::policy {

class AddressPools {
 public:
  struct Holder {
    ovpn::SessionUid session;
    std::string instance;
  };

  // Names differ and ranges do not overlap (server/config).
  explicit AddressPools(std::vector<AddressPoolOptions> options);

  // Other pools from now on. One of the same name keeps its counts, and its leases as far as they
  // fit; it keeps all it has when its name is in `unchanged`. Live sessions keep their addresses in
  // any case.
  void Replace(std::vector<AddressPoolOptions> options,
               const absl::flat_hash_set<std::string>& unchanged);

  // In the order of the configuration.
  const std::vector<std::unique_ptr<AddressPool>>& all() const { return pools_; }
  AddressPool* Find(absl::string_view name) const;
  // The pool that gives `address`, null when none does.
  AddressPool* Owner(const ovpn::IpAddress& address) const;
  std::vector<absl::string_view> Names() const;
  // Of each pool that is there, by name; a pool that was replaced begins anew.
  std::vector<std::pair<std::string, LeaseChanges>> TakeLeaseChanges();

  // The session has `address` until Release. Again is nothing new.
  void Hold(const Holder& holder, const ovpn::IpAddress& address);
  // The session has nothing any more.
  void Release(const ovpn::SessionUid& session, ovpn::WallTime now);
  // Whoever would lose `address` if `instance` gave it to somebody else.
  std::vector<Holder> HoldersOf(const ovpn::IpAddress& address, absl::string_view instance) const;
  // What the session has.
  std::vector<ovpn::IpAddress> HeldBy(const ovpn::SessionUid& session) const;

 private:
  std::vector<std::unique_ptr<AddressPool>> pools_;
  // Nearly always one holder; two while a client's old session is being replaced.
  absl::flat_hash_map<ovpn::IpAddress, std::vector<Holder>> holders_;
  absl::flat_hash_map<ovpn::SessionUid, std::vector<ovpn::IpAddress>> by_session_;
};

}  // namespace ovpnbroker::policy
