// A session as log fields, and the uid it gets. Pure; loop thread like its users.
#pragma once

#include <vector>

#include "ovpn/base/clock.h"
#include "ovpn/base/ids.h"
#include "ovpn/base/log.h"
#include "ovpn/types/session.h"

namespace ovpnbroker::ovpn {

// A uid for a session that began at `begin`; uids sort by it.
SessionUid NewSessionUid(WallTime begin);

// What a log line about a session says of it.
std::vector<LogField> SessionFields(const Session& session);

}  // namespace ovpnbroker::ovpn
