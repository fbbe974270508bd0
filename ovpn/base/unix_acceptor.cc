#include "ovpn/base/unix_acceptor.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

#include "ovpn/base/status_macros.h"

namespace ovpnbroker::ovpn {
namespace {

constexpr std::chrono::seconds kAcceptPause{1};

}  // namespace

absl::StatusOr<std::unique_ptr<UnixAcceptor>> UnixAcceptor::Listen(
    asio::io_context& loop, const std::string& path, const SocketPermissions& permissions,
    Listener listener) {
  ASSIGN_OR_RETURN(UniqueFd socket, ListenOnUnixSocket(path, permissions));
  return std::unique_ptr<UnixAcceptor>(
      new UnixAcceptor(loop, path, std::move(socket), std::move(listener)));
}

UnixAcceptor::UnixAcceptor(asio::io_context& loop, std::string path, UniqueFd socket,
                           Listener listener)
    : path_(std::move(path)),
      listener_(std::move(listener)),
      socket_(loop, socket.Release()),
      retry_timer_(loop, [this] { Wait(); }) {
  Wait();
}

UnixAcceptor::~UnixAcceptor() { unlink(path_.c_str()); }

void UnixAcceptor::Wait() {
  socket_.async_wait(asio::posix::stream_descriptor::wait_read,
                     [this](const asio::error_code& error) {
                       if (error) return;  // this is gone
                       if (AcceptAll()) return Wait();
                       retry_timer_.Arm(std::chrono::steady_clock::now() + kAcceptPause);
                     });
}

bool UnixAcceptor::AcceptAll() {
  while (true) {
    // Not left to Asio, whose sockets would be inherited by the children that the broker spawns.
    UniqueFd fd(accept4(socket_.native_handle(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (fd.valid()) {
      listener_.on_connection(std::move(fd));
      continue;
    }
    if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED) return true;
    listener_.on_failure(strerror(errno));
    return false;
  }
}

}  // namespace ovpnbroker::ovpn
