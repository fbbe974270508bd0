// A session as log fields. Pure; loop thread like its users.
#pragma once

#include <vector>

#include "ovpn/base/log.h"
#include "ovpn/types/session.h"

namespace ovpnbroker::ovpn {

// What a log line about a session says of it.
std::vector<LogField> SessionFields(const Session& session);

}  // namespace ovpnbroker::ovpn
