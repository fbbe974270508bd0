// Several kills as one, for the calls that end whoever matches. Loop thread only.
#pragma once

#include <functional>
#include <vector>

#include "ovpn/types/session.h"
#include "ovpnbroker/admin/v1/kill.pb.h"
#include "server/broker_control.h"

namespace ovpnbroker::server {

// Live sessions that `matches`, in uid order.
std::vector<ovpn::SessionUid> SelectLive(const BrokerControl& broker,
                                         const std::function<bool(const ovpn::Session&)>& matches);

// Kills `uids` as `kill` says, and calls `done` with the results in the same order when the last is
// there; at once when there are none.
void KillAll(BrokerControl& broker, const std::vector<ovpn::SessionUid>& uids, KillRequest kill,
             std::function<void(std::vector<admin::v1::KillResult>)> done);

// What KillAll would end, with OUTCOME_WOULD_END.
std::vector<admin::v1::KillResult> WouldEnd(const BrokerControl& broker,
                                            const std::vector<ovpn::SessionUid>& uids);

// What to note in the audit record: the message of a kill that failed; "" when none did.
std::string FailureOf(const std::vector<admin::v1::KillResult>& results);

}  // namespace ovpnbroker::server
