// Instance: the dialogue on the management connection, apart from clients (sessions.cc).
#include <utility>

#include "absl/strings/str_cat.h"
#include "ovpn/instance/instance.h"
#include "ovpn/management/notification_parser.h"

namespace ovpnbroker::ovpn {
namespace {

constexpr absl::string_view kConnected = "CONNECTED";

}  // namespace

void Instance::OnReady(const Greeting& greeting) {
  openvpn_version_ = greeting.openvpn_version.ToString();
  ++management_connects_;
  if (passthrough_ != nullptr) passthrough_->OnReady(greeting);
  if (stop_sequence_.begun()) return;  // it is on its way out, and its SIGKILL is timed
  if (state_ == InstanceState::kHolding) AskWhetherConnected();
  if (state_ == InstanceState::kStarting) timer_.Arm(std::nullopt);
  const bool first = !std::exchange(seen_ready_, true);
  if (first && adopted_) {
    // It runs, unless a >HOLD follows; what it has is taken over as it is.
    hold_released_ = true;
    SetState(InstanceState::kRunning, std::exchange(attaching_, false) ? "attached" : "adopted");
    sessions_.Resync(Sessions::UnknownClients::kAdopt);
  } else if (!first) {
    // What was notified while nobody listened is lost. A fresh child is on hold and has no clients.
    sessions_.Resync();
  }
}

void Instance::OnMessage(Message&& message) {
  if (passthrough_ != nullptr) passthrough_->OnMessage(message);
  if (auto* event = std::get_if<ClientEvent>(&message)) return sessions_.OnEvent(std::move(*event));
  if (const auto* count = std::get_if<ByteCount>(&message)) return sessions_.OnByteCount(*count);
  if (std::holds_alternative<Hold>(message)) return OnHold();
  if (const auto* change = std::get_if<StateChange>(&message)) return OnStateChange(*change);
  if (const auto* error = std::get_if<ProtocolError>(&message))
    return sessions_.OnUnreadable(*error);
  if (const auto* fatal = std::get_if<Fatal>(&message)) {
    logger_.Error("OPENVPN_FATAL", "OpenVPN ends itself",
                  {{"instance", config_.name}, {"text", fatal->text}});
    return;
  }
  if (const auto* request = std::get_if<PasswordRequest>(&message)) {
    return GiveUp(absl::StrCat("OpenVPN asks for a password (", request->text,
                               "); give its private key without a passphrase, or use `askpass`"));
  }
}

void Instance::OnHold() {
  // The first >HOLD of a child finds an empty table; each later one means that OpenVPN counts from
  // the start.
  if (std::exchange(hold_released_, false)) sessions_.BeginEpoch("OpenVPN restarted its tunnel");
  if (stop_sequence_.begun()) return;
  SetState(InstanceState::kHolding);
  std::vector<Connection::Request> requests;
  requests.push_back({commands::HoldRelease(), [this](const absl::StatusOr<Reply>& reply) {
                        if (reply.ok() && reply->success) return;
                        logger_.Error(
                            "HOLD_RELEASE_FAILED", "OpenVPN did not take the hold release",
                            {{"instance", config_.name},
                             {"detail", reply.ok() ? reply->text : reply.status().ToString()}});
                      }});
  connection_.SendTogether(std::move(requests));
  hold_released_ = true;
}

// CONNECTED was perhaps said while nobody listened.
void Instance::AskWhetherConnected() {
  connection_.Send(commands::State(), [this](const absl::StatusOr<Reply>& reply) {
    if (!reply.ok() || reply->lines.empty()) return;
    const Message current = ParseNotification(absl::StrCat("STATE:", reply->lines.back()));
    const auto* change = std::get_if<StateChange>(&current);
    if (change != nullptr && change->name == kConnected) OnStateChange(*change);
  });
}

void Instance::OnStateChange(const StateChange& change) {
  if (change.name == "RECONNECTING") {
    logger_.Info("TUNNEL_RESTARTING", "OpenVPN restarts its tunnel; all its sessions end",
                 {{"instance", config_.name}, {"cause", change.detail}});
    // The >HOLD that follows finds the work done.
    hold_released_ = false;
    sessions_.BeginEpoch(absl::StrCat("OpenVPN restarted its tunnel (", change.detail, ")"));
  } else if (change.name == kConnected && state_ == InstanceState::kHolding) {
    if (change.detail != "SUCCESS") {
      logger_.Warning("TUNNEL_UP_WITH_ERRORS", "OpenVPN's tunnel is up, but not as configured",
                      {{"instance", config_.name}, {"detail", change.detail}});
    }
    SetState(InstanceState::kRunning);
  }
}

void Instance::OnLost(const absl::Status& status) {
  // A child that was told to end takes its connection with it.
  if (!stop_sequence_.begun()) ++management_losses_;
  if (absl::IsPermissionDenied(status) || absl::IsFailedPrecondition(status)) {
    return GiveUp(std::string(status.message()));
  }
  // Otherwise it is on its way back: OpenVPN serves on, and nobody new gets in until then.
}

}  // namespace ovpnbroker::ovpn
