// Keeps the ends that policies gave to sessions over a restart of the broker, see StateFile: an
// adopted session ends when it would have ended. Owned by Broker; loop thread only.
#pragma once

#include <asio/io_context.hpp>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "ovpn/base/clock.h"
#include "ovpn/base/log.h"
#include "policy/session_end_mirror.h"
#include "policy/session_ends.h"
#include "server/state_file.h"

namespace ovpnbroker::server {

class SessionEndKeeper {
 public:
  // All outlive this.
  SessionEndKeeper(asio::io_context& loop, const ovpn::Clock& clock, ovpn::Logger& logger,
                   policy::SessionEnds& ends, const std::string& directory);
  SessionEndKeeper(const SessionEndKeeper&) = delete;
  SessionEndKeeper& operator=(const SessionEndKeeper&) = delete;

  // As StateFile; before any session is adopted.
  absl::Status Start() { return file_.Start(); }

 private:
  void Restore(std::vector<policy::SessionEnd> kept);

  const ovpn::Clock& clock_;
  ovpn::Logger& logger_;
  policy::SessionEnds& ends_;
  // What the file holds; the disk's thread has it once the file is kept.
  const std::shared_ptr<policy::SessionEndMirror> mirror_ =
      std::make_shared<policy::SessionEndMirror>();
  StateFile file_;  // last: writes when it is destroyed
};

}  // namespace ovpnbroker::server
