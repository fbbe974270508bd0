// A second copy of the leases of all pools, for the thread that writes them: it is told what
// changed, so that the loop pays for that and not for all there are. Owned by LeaseKeeper; one
// thread at a time.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "policy/address_pools.h"

namespace ovpnbroker::policy {

class LeaseMirror {
 public:
  // As AddressPools::TakeLeaseChanges returns them.
  void Apply(std::vector<std::pair<std::string, LeaseChanges>> changes);
  // The file with all of them.
  std::string Text() const;

 private:
  using Leases = absl::btree_map<LeaseChanges::Id, AddressLease>;

  std::vector<std::pair<std::string, Leases>> pools_;  // in the order of the configuration
};

}  // namespace ovpnbroker::policy
