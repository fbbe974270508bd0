// The pass-through socket of an instance: takes tools in and gives the Passthrough its alarm clock.
// Owned by the instance; loop thread only.
#pragma once

#include <asio/io_context.hpp>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "ovpn/base/deadline_timer.h"
#include "ovpn/base/log.h"
#include "ovpn/base/unique_fd.h"
#include "ovpn/base/unix_acceptor.h"
#include "ovpn/instance/passthrough.h"

namespace ovpnbroker::ovpn {

class PassthroughListener {
 public:
  // All references outlive it. An error names the socket and what is in the way.
  static absl::StatusOr<std::unique_ptr<PassthroughListener>> Open(asio::io_context& loop,
                                                                   const std::string& instance,
                                                                   const PassthroughConfig& config,
                                                                   Passthrough& passthrough,
                                                                   Logger& logger);
  // Removes the socket.
  ~PassthroughListener();
  PassthroughListener(const PassthroughListener&) = delete;
  PassthroughListener& operator=(const PassthroughListener&) = delete;

 private:
  PassthroughListener(asio::io_context& loop, std::string instance, Passthrough& passthrough,
                      Logger& logger);

  absl::Status Listen(const PassthroughConfig& config);
  void TakeIn(UniqueFd fd);

  asio::io_context& loop_;
  const std::string instance_;
  Passthrough& passthrough_;
  Logger& logger_;
  DeadlineTimer deadline_timer_;  // of the passthrough
  std::unique_ptr<UnixAcceptor> acceptor_;
};

}  // namespace ovpnbroker::ovpn
