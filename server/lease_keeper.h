// Keeps the leases of address pools over a restart of the broker, see StateFile. What the file
// holds is a convenience of clients; who has which address now is asked of OpenVPN (status 3), so
// that a lease which a crash lost is taken from the session that has it. Owned by Broker; loop
// thread only.
#pragma once

#include <asio/io_context.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "ovpn/base/clock.h"
#include "ovpn/base/log.h"
#include "policy/address_pools.h"
#include "policy/lease_file.h"
#include "policy/lease_mirror.h"
#include "server/state_file.h"

namespace ovpnbroker::server {

class LeaseKeeper {
 public:
  // All outlive this.
  LeaseKeeper(asio::io_context& loop, const ovpn::Clock& clock, ovpn::Logger& logger,
              policy::AddressPools& pools, const std::string& directory);
  LeaseKeeper(const LeaseKeeper&) = delete;
  LeaseKeeper& operator=(const LeaseKeeper&) = delete;

  // As StateFile.
  absl::Status Read() { return file_.Read(); }
  // The pools have what was read, as far as it fits them, and are kept from now on.
  void Keep() { file_.Keep(); }
  // The pools are others than before: what they have is written soon.
  void OnPoolsReplaced() { file_.Touch(); }

 private:
  void Restore(std::vector<policy::KeptLease> leases);
  uint64_t Revision() const;

  ovpn::Logger& logger_;
  policy::AddressPools& pools_;
  // Once the file is kept, the disk's thread's only: StateFile makes one text after the other
  // there.
  const std::shared_ptr<policy::LeaseMirror> mirror_ = std::make_shared<policy::LeaseMirror>();
  StateFile file_;  // last: writes when it is destroyed
};

}  // namespace ovpnbroker::server
