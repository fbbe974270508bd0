// Keeps the leases of address pools in a file of the state directory: read when the broker starts,
// written a moment after they changed and when it stops. A write blocks on the disk, so it is done
// on a thread of its own, which sees nothing but the text. Owned by Broker; loop thread only.
//
// A file that cannot be understood is set aside, not repaired and not fatal: what it holds is a
// convenience of clients, while who has which address now is asked of OpenVPN (status 3).
#pragma once

#include <asio/io_context.hpp>
#include <asio/thread_pool.hpp>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "ovpn/base/clock.h"
#include "ovpn/base/deadline_timer.h"
#include "ovpn/base/log.h"
#include "policy/address_pools.h"

namespace ovpnbroker::server {

class LeaseKeeper {
 public:
  // How long a change may wait for the disk. A lease that a crash loses is taken from the session
  // that has it when the next broker adopts it.
  static constexpr std::chrono::seconds kSaveInterval{2};

  // All outlive this.
  LeaseKeeper(asio::io_context& loop, const ovpn::Clock& clock, ovpn::Logger& logger,
              policy::AddressPools& pools, std::string path);
  // Writes what is not written yet; waits for the disk.
  ~LeaseKeeper();
  LeaseKeeper(const LeaseKeeper&) = delete;
  LeaseKeeper& operator=(const LeaseKeeper&) = delete;

  // Reads the file and begins to keep it. An error when there is a file that can neither be read
  // nor set aside: writing would destroy it.
  absl::Status Start();
  // The pools are others than before: what they have is written soon.
  void OnPoolsReplaced() { saved_revision_ = kNothingSaved; }

 private:
  // No pools have this revision.
  static constexpr uint64_t kNothingSaved = ~uint64_t{0};

  absl::Status Load();
  absl::Status SetAside(const absl::Status& why);
  uint64_t Revision() const;
  void SaveIfChanged();
  void OnSaved(uint64_t revision, const absl::Status& status);

  asio::io_context& loop_;
  const ovpn::Clock& clock_;
  ovpn::Logger& logger_;
  policy::AddressPools& pools_;
  const std::string path_;
  ovpn::DeadlineTimer timer_;
  bool started_ = false;
  bool saving_ = false;
  bool failing_ = false;  // told once in a row
  uint64_t saved_revision_ = 0;
  std::shared_ptr<LeaseKeeper*> self_ = std::make_shared<LeaseKeeper*>(this);
  asio::thread_pool disk_{1};
};

}  // namespace ovpnbroker::server
