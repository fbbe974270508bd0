#include "ovpn/instance/passthrough_listener.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "ovpn/base/status_macros.h"
#include "ovpn/base/unix_socket.h"
#include "ovpn/instance/tool_socket.h"

namespace ovpnbroker::ovpn {
namespace {

// After accept has failed, which means that the process has no more descriptors or memory.
constexpr std::chrono::seconds kAcceptPause{1};

// Who is at the other end.
std::string DescribePeer(int fd) {
  ucred credentials = {};
  socklen_t size = sizeof(credentials);
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) return "unknown";
  return absl::StrCat("uid ", credentials.uid, ", pid ", credentials.pid);
}

}  // namespace

absl::StatusOr<std::unique_ptr<PassthroughListener>> PassthroughListener::Open(
    asio::io_context& loop, const std::string& instance, const PassthroughConfig& config,
    Passthrough& passthrough, Logger& logger) {
  absl::StatusOr<UniqueFd> listener = ListenOnUnixSocket(config.socket, config.permissions);
  if (!listener.ok()) {
    return absl::Status(listener.status().code(),
                        absl::StrCat("the pass-through socket of instance ", instance, ": ",
                                     listener.status().message()));
  }
  logger.Info("PASSTHROUGH_LISTENING", "tools may connect to the pass-through socket",
              {{"instance", instance}, {"socket", config.socket}});
  return std::unique_ptr<PassthroughListener>(new PassthroughListener(
      loop, instance, config.socket, *std::move(listener), passthrough, logger));
}

PassthroughListener::PassthroughListener(asio::io_context& loop, std::string instance,
                                         std::string path, UniqueFd listener,
                                         Passthrough& passthrough, Logger& logger)
    : loop_(loop),
      instance_(std::move(instance)),
      path_(std::move(path)),
      passthrough_(passthrough),
      logger_(logger),
      listener_(loop, listener.Release()),
      retry_timer_(loop, [this] { WaitForTool(); }),
      deadline_timer_(loop, [this] { passthrough_.OnDeadline(); }) {
  passthrough_.SetDeadlineListener(
      [this](std::optional<SteadyTime> deadline) { deadline_timer_.Arm(deadline); });
  WaitForTool();
}

PassthroughListener::~PassthroughListener() {
  passthrough_.SetDeadlineListener(nullptr);
  unlink(path_.c_str());
}

void PassthroughListener::WaitForTool() {
  listener_.async_wait(asio::posix::stream_descriptor::wait_read,
                       [this](const asio::error_code& error) {
                         if (error) return;  // this is gone
                         if (AcceptAll()) return WaitForTool();
                         retry_timer_.Arm(std::chrono::steady_clock::now() + kAcceptPause);
                       });
}

bool PassthroughListener::AcceptAll() {
  while (true) {
    // Not left to Asio, whose sockets would be inherited by the children that the broker spawns.
    UniqueFd fd(accept4(listener_.native_handle(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!fd.valid()) {
      if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED) return true;
      logger_.Warning("PASSTHROUGH_ACCEPT_FAILED", "a tool could not be taken in; tried again",
                      {{"instance", instance_}, {"error", strerror(errno)}});
      return false;
    }
    const std::string peer = DescribePeer(fd.get());
    const auto tool = std::make_shared<ToolSocket>(loop_, std::move(fd), passthrough_);
    if (const std::optional<uint64_t> id = passthrough_.Add(tool, peer)) tool->SetId(*id);
  }
}

}  // namespace ovpnbroker::ovpn
