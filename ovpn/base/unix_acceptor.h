// A listening unix socket that gives each connection to its owner. Loop thread only.
#pragma once

#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "ovpn/base/deadline_timer.h"
#include "ovpn/base/unique_fd.h"
#include "ovpn/base/unix_socket.h"

namespace ovpnbroker::ovpn {

class UnixAcceptor {
 public:
  struct Listener {
    // A connection; it does not block and is not inherited by children.
    std::function<void(UniqueFd)> on_connection;
    // None can be taken in for now: the process has no more descriptors or memory. Tried again
    // after a second.
    std::function<void(const std::string& error)> on_failure;
  };

  // Errors as of ListenOnUnixSocket.
  static absl::StatusOr<std::unique_ptr<UnixAcceptor>> Listen(asio::io_context& loop,
                                                              const std::string& path,
                                                              const SocketPermissions& permissions,
                                                              Listener listener);
  // Removes the socket.
  ~UnixAcceptor();
  UnixAcceptor(const UnixAcceptor&) = delete;
  UnixAcceptor& operator=(const UnixAcceptor&) = delete;

 private:
  UnixAcceptor(asio::io_context& loop, std::string path, UniqueFd socket, Listener listener);

  void Wait();
  // All that wait; false when none can be taken in for now.
  bool AcceptAll();

  const std::string path_;
  const Listener listener_;
  asio::posix::stream_descriptor socket_;
  DeadlineTimer retry_timer_;
};

}  // namespace ovpnbroker::ovpn
