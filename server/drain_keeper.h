// Keeps the drains of instances over a restart of the broker, see StateFile: who took a server out
// of service finds it out of service after an upgrade or a crash. Owned by Broker; loop thread
// only.
#pragma once

#include <asio/io_context.hpp>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "ovpn/base/clock.h"
#include "ovpn/base/log.h"
#include "server/drain_file.h"
#include "server/instance_drains.h"
#include "server/state_file.h"

namespace ovpnbroker::server {

class DrainKeeper {
 public:
  // All outlive this.
  DrainKeeper(asio::io_context& loop, const ovpn::Clock& clock, ovpn::Logger& logger,
              InstanceDrains& drains, const std::string& directory);
  DrainKeeper(const DrainKeeper&) = delete;
  DrainKeeper& operator=(const DrainKeeper&) = delete;

  // As StateFile; before any instance starts.
  absl::Status Start() { return file_.Start(); }

 private:
  void Restore(const std::vector<KeptDrain>& kept);

  ovpn::Logger& logger_;
  InstanceDrains& drains_;
  StateFile file_;  // last: writes when it is destroyed
};

}  // namespace ovpnbroker::server
