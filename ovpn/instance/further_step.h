// A further step as the command that puts it to a client, or why this client cannot take it. The
// same for steps that are put (Sessions) and for those that are only looked at (a dry run). Pure
// functions; any thread.
#pragma once

#include <chrono>

#include "ovpn/base/clock.h"
#include "ovpn/base/ids.h"
#include "ovpn/instance/instance_config.h"
#include "ovpn/management/checked.h"
#include "ovpn/management/command.h"
#include "ovpn/types/client_identity.h"
#include "ovpn/types/verdict.h"

namespace ovpnbroker::ovpn {

// What OpenVPN still grants a client that was asked about `used` ago; not positive when nothing is
// left.
std::chrono::seconds TimeForSteps(const InstanceConfig& config, Duration used);

struct FurtherStep {
  Command command;
  std::chrono::seconds granted;  // what the client has from now
};

// `left` as TimeForSteps tells it. Violations as those of commands::ClientPendingAuth.
Checked<FurtherStep> CompileStep(Cid cid, Kid kid, const PendingAuth& step,
                                 const ClientIdentity& client, std::chrono::seconds left);

}  // namespace ovpnbroker::ovpn
