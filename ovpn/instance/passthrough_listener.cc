#include "ovpn/instance/passthrough_listener.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "ovpn/base/peer_credentials.h"
#include "ovpn/base/status_macros.h"
#include "ovpn/instance/tool_socket.h"

namespace ovpnbroker::ovpn {
namespace {

std::string DescribePeer(int fd) {
  const std::optional<PeerCredentials> peer = PeerOf(fd);
  return peer.has_value() ? absl::StrCat("uid ", peer->uid, ", pid ", peer->pid) : "unknown";
}

}  // namespace

absl::StatusOr<std::unique_ptr<PassthroughListener>> PassthroughListener::Open(
    asio::io_context& loop, const std::string& instance, const PassthroughConfig& config,
    Passthrough& passthrough, Logger& logger) {
  std::unique_ptr<PassthroughListener> listener(
      new PassthroughListener(loop, instance, passthrough, logger));
  const absl::Status status = listener->Listen(config);
  if (!status.ok()) {
    return absl::Status(status.code(), absl::StrCat("the pass-through socket of instance ",
                                                    instance, ": ", status.message()));
  }
  logger.Info("PASSTHROUGH_LISTENING", "tools may connect to the pass-through socket",
              {{"instance", instance}, {"socket", config.socket}});
  return listener;
}

PassthroughListener::PassthroughListener(asio::io_context& loop, std::string instance,
                                         Passthrough& passthrough, Logger& logger)
    : loop_(loop),
      instance_(std::move(instance)),
      passthrough_(passthrough),
      logger_(logger),
      deadline_timer_(loop, [this] { passthrough_.OnDeadline(); }) {
  passthrough_.SetDeadlineListener(
      [this](std::optional<SteadyTime> deadline) { deadline_timer_.Arm(deadline); });
}

PassthroughListener::~PassthroughListener() { passthrough_.SetDeadlineListener(nullptr); }

absl::Status PassthroughListener::Listen(const PassthroughConfig& config) {
  ASSIGN_OR_RETURN(
      acceptor_,
      UnixAcceptor::Listen(loop_, config.socket, config.permissions,
                           {.on_connection = [this](UniqueFd fd) { TakeIn(std::move(fd)); },
                            .on_failure =
                                [this](const std::string& error) {
                                  logger_.Warning("PASSTHROUGH_ACCEPT_FAILED",
                                                  "a tool could not be taken in; tried again",
                                                  {{"instance", instance_}, {"error", error}});
                                }}));
  return absl::OkStatus();
}

void PassthroughListener::TakeIn(UniqueFd fd) {
  const std::string peer = DescribePeer(fd.get());
  const auto tool = std::make_shared<ToolSocket>(loop_, std::move(fd), passthrough_);
  if (const std::optional<uint64_t> id = passthrough_.Add(tool, peer)) tool->SetId(*id);
}

}  // namespace ovpnbroker::ovpn
