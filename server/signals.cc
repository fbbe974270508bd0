#include "server/signals.h"

#include <csignal>
#include <utility>

namespace ovpnbroker::server {

Signals::Signals(asio::io_context& loop, Handlers handlers)
    : handlers_(std::move(handlers)), signals_(loop) {
  for (const int signal : {SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2})
    signals_.add(signal);
  std::signal(SIGPIPE, SIG_IGN);
  Wait();
}

void Signals::Wait() {
  // A cancelled wait ends with an error and may come after this object has gone.
  signals_.async_wait([this](const asio::error_code& error, int signal) {
    if (error) return;
    Wait();
    Dispatch(signal);
  });
}

void Signals::Dispatch(int signal) {
  switch (signal) {
    case SIGHUP:
      return handlers_.reload();
    case SIGUSR1:
      return handlers_.attach();
    case SIGUSR2:
      return handlers_.detach();
    default:
      if (std::exchange(terminating_, true)) return handlers_.abort();
      return signal == SIGQUIT ? handlers_.hand_over() : handlers_.terminate();
  }
}

}  // namespace ovpnbroker::server
