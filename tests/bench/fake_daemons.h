// OpenVPN's end of many management sockets, for load: each fake daemon greets its controller,
// answers what it prepares, and then announces clients, a window of them at once, until all are
// answered. One thread serves them all; errors end the program.
#pragma once

#include <asio/io_context.hpp>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "ovpn/base/clock.h"

namespace ovpnbroker::bench {

class FakeDaemons {
 public:
  // Who comes to the sockets.
  enum class Controller {
    kBroker,  // releases the hold and is ready then
    kRival,   // is ready once it is connected
  };

  // `clients[cid]` is the whole CONNECT of that client, see MakeConnectBytes.
  FakeDaemons(const std::vector<std::string>& clients, Controller controller);
  ~FakeDaemons();
  FakeDaemons(const FakeDaemons&) = delete;
  FakeDaemons& operator=(const FakeDaemons&) = delete;

  // One more daemon, which listens on the unix socket `path`.
  void Listen(const std::string& path);
  // Serves until every daemon has a controller that is ready.
  void AwaitControllers();
  // Announces the clients [begin, end) of every daemon and awaits their answers, `window` of each
  // daemon at once; gives the time it took.
  ovpn::Duration Ask(size_t begin, size_t end, size_t window);

 private:
  class Daemon;
  void RunUntil(size_t Daemon::* counter, size_t goal);

  asio::io_context loop_;
  const std::vector<std::string>& clients_;
  const Controller controller_;
  std::vector<std::shared_ptr<Daemon>> daemons_;
};

}  // namespace ovpnbroker::bench
