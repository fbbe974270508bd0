#include "ovpn/instance/further_step.h"

#include <algorithm>

namespace ovpnbroker::ovpn {
namespace {

// From a client's first packet to its question, at most as a rule: TLS over a slow line.
constexpr std::chrono::seconds kNegotiationReserve{3};
// Within the reserve.
constexpr std::chrono::seconds kStepGrace{2};

}  // namespace

// OpenVPN moves its own deadline to the step's timeout, counted from now, and cuts it to what it
// grants a key negotiation as a whole. What it has used of that before it asked us is not known;
// the reserve covers it, so that our deny comes first.
std::chrono::seconds TimeForSteps(const InstanceConfig& config, Duration used) {
  const std::chrono::seconds whole = std::max(config.reneg_interval / 2, config.hand_window);
  return whole - std::chrono::ceil<std::chrono::seconds>(used) - kNegotiationReserve;
}

Checked<FurtherStep> CompileStep(Cid cid, Kid kid, const PendingAuth& step,
                                 const ClientIdentity& client, std::chrono::seconds left) {
  const std::chrono::seconds granted =
      step.timeout > std::chrono::seconds::zero() ? std::min(step.timeout, left) : left;
  // The client gives up by itself at the time that it is told; our deny with its reason comes
  // first.
  const std::chrono::seconds told =
      granted > std::chrono::seconds::zero() ? granted + kStepGrace : granted;
  Checked<Command> command = commands::ClientPendingAuth(cid, kid, step, client, told);
  if (!command.ok()) return command.violations();
  return FurtherStep{command.TakeValue(), granted};
}

}  // namespace ovpnbroker::ovpn
