// The signals that steer the broker, delivered on the loop. Owned by main; loop thread only.
//
//   SIGTERM, SIGINT  drain and stop; a second one stops at once
//   SIGQUIT          hand over: stop and leave the children to the next broker
//   SIGHUP           reload the configuration
//   SIGUSR1          attach all instances
//   SIGUSR2          detach all instances and stop their children; the admin API stays up
#pragma once

#include <asio/io_context.hpp>
#include <asio/signal_set.hpp>
#include <functional>

namespace ovpnbroker::server {

class Signals {
 public:
  struct Handlers {
    std::function<void()> terminate;  // the first SIGTERM or SIGINT
    std::function<void()> hand_over;  // SIGQUIT, unless one of these two came before it
    std::function<void()> abort;      // each of the three after the first
    std::function<void()> reload;
    std::function<void()> attach;
    std::function<void()> detach;
  };

  // All handlers must be set. Also ignores SIGPIPE: a peer that went away is an error of its write.
  Signals(asio::io_context& loop, Handlers handlers);
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  // No more handlers are called; lets the loop run out of work.
  void Stop() { signals_.cancel(); }

 private:
  void Wait();
  void Dispatch(int signal);

  Handlers handlers_;
  asio::signal_set signals_;
  bool terminating_ = false;
};

}  // namespace ovpnbroker::server
